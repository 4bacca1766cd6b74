using Microsoft.Extensions.Options;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.App.Settings;

/// <summary>Says at start what is wrong with the destinations, together with all else.</summary>
/// <param name="state">The state path: a store in it, or around it, would be backed up and cleaned with it.</param>
internal sealed class SecondaryValidation(string state) : IValidateOptions<SecondaryOptions>
{
    public ValidateOptionsResult Validate(string? name, SecondaryOptions options) =>
        SecondaryDestinations.Faults(options).Concat(DestinationPlaces.Faults(options, state)).ToList() is { Count: > 0 } faults ? ValidateOptionsResult.Fail(faults.Select(fault => $"Secondary: {fault}.")) : ValidateOptionsResult.Success;
}
