using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Activities.GuestSteps;

namespace SnapshotWorkflows.App.Watchdog;

/// <summary>What service and watchdog share; both read the same settings.</summary>
internal static class PauseRegistration
{
    private static readonly TimeSpan s_least = TimeSpan.FromSeconds(2);

    public static IServiceCollection AddPause(this IServiceCollection services, IConfiguration settings)
    {
        services.AddOptions<PauseOptions>().Bind(settings.GetSection("Quiesce:Pause"))
            .PostConfigure(options =>
            {
                if (options.Folder.Length == 0 && settings[AppSettings.StatePath] is { Length: > 0 } state) options.Folder = Path.Combine(state, "watchdog");
            })
            .Validate(options => options.TimeToLive >= s_least && options.TimeToLive <= PauseOptions.LongestTimeToLive, "Quiesce:Pause:TimeToLive must be from 2 to 9 seconds: a guest has to run again within 10.")
            .ValidateOnStart();
        services.AddSingleton<PauseArms>();
        services.AddSingleton<GuestPause>();
        return services;
    }
}
