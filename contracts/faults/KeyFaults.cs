namespace SnapshotWorkflows.Contracts;

/// <summary>A request's key stands for one piece of work. Work that is begun again under it would take the first one's things for its own.</summary>
public static class KeyFaults
{
    /// <summary>Of <see cref="Used"/>.</summary>
    public const string UsedCode = "snapshot.key-used";

    /// <summary>The key has brought a snapshot about, on the store or in the catalog.</summary>
    public static StepFault Used(RequestKey key) => new(
        UsedCode, FaultKind.Rejected, $"Snapshot {key.Uuid} exists already, or did until it was deleted: it is not taken again.", "POST /api/snapshots with a fresh Idempotency-Key takes a new one.");

    /// <summary>An instance that bears another id than its key.</summary>
    public static StepFault Foreign(string instance, string key) => new(
        "snapshot.key-foreign", FaultKind.Rejected, $"Instance {instance} was started with the key {key} of another request, or with none.", "POST /api/snapshots with a fresh Idempotency-Key takes a new snapshot.");
}
