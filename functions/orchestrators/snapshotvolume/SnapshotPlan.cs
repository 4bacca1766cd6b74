namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>What Admit found: everything the rest of the workflow needs to know, with room and rights for all of it proven.</summary>
internal sealed record SnapshotPlan(
    CloudStackVolume Volume,
    SourceDisk Disk,
    SourceVolume Array,
    CopyHost Host,
    DestinationPlan Destination);

/// <summary>The part of it that a snapshot on the array alone needs.</summary>
internal sealed record PrimaryPlan(CloudStackVolume Volume, SourceDisk Disk, SourceVolume Array);

/// <summary>The array's snapshot, and the volume that it is cloned from.</summary>
/// <param name="SrUuid">The SR that a clone of it bears; empty where that is not known.</param>
internal sealed record TakenSnapshot(ArrayVolume Source, StorageSnapshot Snapshot, string SrUuid);
