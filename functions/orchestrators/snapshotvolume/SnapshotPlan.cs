namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>What Admit found: everything the rest of the workflow needs to know, with room and rights for all of it proven.</summary>
internal sealed record SnapshotPlan(
    CloudStackVolume Volume,
    SourceDisk Disk,
    SourceVolume Array,
    CopyHost Host,
    DestinationPlan Destination);
