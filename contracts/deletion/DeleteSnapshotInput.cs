namespace SnapshotWorkflows.Contracts;

/// <summary>What DeleteSnapshot is started with. Stored for ever: add optional members only.</summary>
/// <param name="Snapshot">The snapshot's key.</param>
/// <param name="Caller">Who asked: the name of a key, or of a policy.</param>
/// <param name="Reason">In words, for the audit trail and the tombstone.</param>
public sealed record DeleteSnapshotInput(RequestKey Snapshot, string Caller, string Reason)
{
    /// <summary>An operator's word that the array of a snapshot that is on it alone is lost: where the settings do not lead to that array, the snapshot counts as destroyed with it.</summary>
    public bool ArrayLost { get; init; }

    /// <summary>The workflow's own instance id: a snapshot is deleted once, however often it is asked for.</summary>
    public RequestKey Instance => InstanceOf(Snapshot);

    public static RequestKey InstanceOf(RequestKey snapshot) => new(NameUuid.From($"delete\n{snapshot.Value}").ToString("N"));
}

/// <param name="Deleted">False: there was nothing any more.</param>
public sealed record DeleteSnapshotResult(string SnapshotId, bool Deleted, long FreedBytes);
