namespace SnapshotWorkflows.Contracts;

/// <summary>What is told of a snapshot that was to stay on the array alone and is not there.</summary>
public static class KeepFaults
{
    /// <summary>Of <see cref="Gone"/>.</summary>
    public const string GoneCode = "snapshot.not-kept";

    public static StepFault Gone(string volumeId) => new(
        GoneCode, FaultKind.NotFound, $"The array's snapshot of volume {volumeId} was gone before its fuse could be taken off: there is none.", "Find out who deletes snapshots on the array, and take it again.");
}
