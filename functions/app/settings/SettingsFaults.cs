using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.App.Settings;

/// <summary>Brings a review's faults among those that the validators find: one message at the start tells all.</summary>
internal sealed class SettingsFaults
{
    public IReadOnlyList<string> All { get; set; } = [];

    public static void Add(IServiceCollection services, SettingsReview review)
    {
        services.AddOptions<SettingsFaults>().Configure(faults => faults.All = review.Faults).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SettingsFaults>, Refusal>();
    }

    private sealed class Refusal : IValidateOptions<SettingsFaults>
    {
        public ValidateOptionsResult Validate(string? name, SettingsFaults options) =>
            options.All.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(options.All);
    }
}
