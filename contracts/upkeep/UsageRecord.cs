namespace SnapshotWorkflows.Contracts;

/// <summary>What a snapshot occupied, from when to when. It outlives the snapshot, its row and its policy.</summary>
/// <param name="SecondaryVirtualBytes">Size of the disk.</param>
/// <param name="SecondaryPhysicalBytes">Size of the data object; of chunks that and the stored length of all of them, also where other snapshots share them, so that the sum over snapshots is more than the store holds. Null where not recorded; of
/// chunks of before this was counted the object alone, until the copy is read again.</param>
/// <param name="PrimaryVirtualBytes">Size of the snapshot that is kept on the array; 0 when none is. See <see cref="PrimaryPhysicalBytes"/>.</param>
/// <param name="CreatedAt">When the array took it.</param>
/// <param name="DeletedAt">Null while it is there.</param>
public sealed record UsageRecord(
    string SnapshotId, string VolumeId, string? Account, string? Policy, string? Destination, long SecondaryVirtualBytes, long? SecondaryPhysicalBytes, long PrimaryVirtualBytes,
    DateTimeOffset CreatedAt, DateTimeOffset? DeletedAt)
{
    /// <summary>
    /// Blocks of 4 KiB that held data in the volume when its snapshot was kept, as the array's last garbage collection had counted them (GetVolumeStats, nonZeroBlocks): about the most that the snapshot can occupy. The array shares them with the volume and its other
    /// snapshots, dedupes and compresses them, and tells no figure of a snapshot's own (Element API reference, ListSnapshots). Null where not recorded.
    /// </summary>
    public long? PrimaryPhysicalBytes { get; init; }

    /// <summary>Uuid of the account's domain; null where not recorded.</summary>
    public string? DomainId { get; init; }
}
