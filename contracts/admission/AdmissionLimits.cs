namespace SnapshotWorkflows.Contracts;

/// <summary>How many jobs may hold a slot of a kind at once. A volume has one.</summary>
public sealed record AdmissionLimits
{
    /// <summary>Clones under way or in use per array; an Element node makes at most 8 at once (Element API reference, GetLimits: cloneJobsPerNodeMax).</summary>
    public int ArrayClones { get; init; } = 4;

    public int HostCopies { get; init; } = 2;

    public int StoreWriters { get; init; } = 4;

    public int AccountJobs { get; init; } = 4;

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
