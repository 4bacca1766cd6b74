using Microsoft.Extensions.Options;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.App.Settings;

/// <summary>Says at start what is wrong with the destinations, together with all else.</summary>
internal sealed class SecondaryValidation : IValidateOptions<SecondaryOptions>
{
    public ValidateOptionsResult Validate(string? name, SecondaryOptions options) =>
        SecondaryDestinations.Faults(options) is { Count: > 0 } faults ? ValidateOptionsResult.Fail(faults.Select(fault => $"Secondary: {fault}.")) : ValidateOptionsResult.Success;
}
