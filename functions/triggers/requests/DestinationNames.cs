namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>What a policy must know of <c>Secondary</c>: which destinations there are.</summary>
public sealed class DestinationNames
{
    public IList<DestinationName> Destinations { get; } = [];

    /// <summary>What could only fail at the policy's first run, perhaps in a month, is refused at once.</summary>
    /// <param name="destination">Null is the default one, which the settings answer for.</param>
    internal void Require(string? destination)
    {
        if (destination is not null && !Destinations.Any(known => known.Name == destination))
            throw new BadRequestException("request.value", $"'destination' is '{destination}', which the settings do not name.", $"Use one of: {string.Join(", ", Destinations.Select(known => known.Name))}; or leave it out.");
    }
}

/// <summary>One element of <c>Secondary:Destinations</c>.</summary>
public sealed class DestinationName
{
    public string Name { get; set; } = "";
}
