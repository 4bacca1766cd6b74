using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>A volume and the array that was seen to have it.</summary>
internal sealed record FoundVolume(SolidFireArray Array, Volume Volume);
