namespace SnapshotWorkflows.Contracts;

/// <summary>How many jobs may hold a slot of a kind at once (a volume has one), and how long one waits before others give way.</summary>
public sealed record AdmissionLimits
{
    /// <summary>Clones under way or in use per array; an Element node makes at most 8 at once (Element API reference, GetLimits: cloneJobsPerNodeMax).</summary>
    public int ArrayClones { get; init; } = 4;

    public int HostCopies { get; init; } = 2;

    public int StoreWriters { get; init; } = 4;

    public int AccountJobs { get; init; } = 4;

    /// <summary>The wishes of an account that waited so long with nothing at work go with the next higher priority, and once in each such time the wish that waited longest goes before all. More than zero.</summary>
    public TimeSpan RaiseAfter { get; init; } = TimeSpan.FromHours(1);

    public int Of(string slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        return slot.AsSpan(0, slot.IndexOf(':', StringComparison.Ordinal)) switch
        {
            "volume" => 1,
            "account" => AccountJobs,
            "array" => ArrayClones,
            "host" => HostCopies,
            "store" => StoreWriters,
            _ => throw new ArgumentException($"There are no slots of the kind of '{slot}'.", nameof(slot)),
        };
    }
}
