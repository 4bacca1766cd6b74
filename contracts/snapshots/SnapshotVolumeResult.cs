namespace SnapshotWorkflows.Contracts;

/// <summary>What a finished SnapshotVolume answers: the manifest is the proof, the rest is convenience.</summary>
public sealed record SnapshotVolumeResult(string SnapshotId, string Destination, string Manifest, string Location, string Root, long DiskBytes, string Consistency);
