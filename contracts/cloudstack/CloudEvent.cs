namespace SnapshotWorkflows.Contracts;

/// <summary>An event of CloudStack's that may want something done: what HandleCloudEvent is started with. What happened is looked up, never believed.</summary>
/// <param name="Id">X-CS-Event-ID.</param>
/// <param name="Type">For instance <c>SNAPSHOT.CREATE</c>.</param>
/// <param name="EntityId">CloudStack's uuid of the snapshot.</param>
public sealed record CloudEvent(string Id, string Type, string EntityId)
{
    public RequestKey Instance => new(NameUuid.From($"cloudstack event\n{Id}").ToString("N"));
}

/// <summary>A snapshot of CloudStack's own, as listSnapshots tells it now.</summary>
public sealed record CloudSnapshot(string Id, string VolumeId, string Name, DateTimeOffset? CreatedAt);

public sealed record FindCloudSnapshotInput(string SnapshotId);

/// <param name="Snapshot">Null when it is gone, not finished, failed, or not on primary storage.</param>
/// <param name="Why">Why there is nothing to follow.</param>
public sealed record FoundCloudSnapshot(CloudSnapshot? Snapshot, string? Why);

/// <param name="Now">The orchestrator's time.</param>
public sealed record FindArrayOnlyInput(DateTimeOffset Now);

/// <summary>CloudStack's snapshots that stayed on the array although a policy wants a copy of them.</summary>
public sealed record ArrayOnlySnapshots(IReadOnlyList<CloudSnapshot> Snapshots);

public sealed record StartFollowsInput(IReadOnlyList<CloudSnapshot> Snapshots, string Cause);

/// <param name="Started">Snapshots whose copy was begun by this step, or by an attempt of it.</param>
/// <param name="Known">Those that have a copy, or one on its way.</param>
/// <param name="Unwanted">Those that no policy follows.</param>
public sealed record StartedFollows(int Started, int Known, int Unwanted);

public sealed record HandledEvent(string EventId, string? Why, StartedFollows? Follows);

/// <summary>What FollowSnapshot is started with: one attempt to copy one snapshot of CloudStack's off the array under one policy.</summary>
public sealed record FollowSnapshotInput(CloudSnapshot Snapshot, SnapshotPolicy Policy, int Attempt, string Cause)
{
    public const int AttemptsMax = 3;

    /// <summary>The same whoever starts it: a webhook, its repetition, or the reconciliation.</summary>
    public RequestKey Instance => new(NameUuid.From($"follow\n{Policy.Name}\n{Snapshot.Id}\n{Attempt}").ToString("N"));

    /// <summary>Of the copy.</summary>
    public RequestKey Copy => new(NameUuid.From($"follow copy\n{Policy.Name}\n{Snapshot.Id}\n{Attempt}").ToString("N"));
}

public sealed record FollowedSnapshot(string CloudSnapshotId, string SnapshotId, string State, int Expired);

/// <param name="Tags">Ours, all of them: those of other values are replaced, other people's stay.</param>
public sealed record TagCloudSnapshotInput(string CloudSnapshotId, IReadOnlyDictionary<string, string> Tags);

public sealed record ReconcileInput(string Caller);

public sealed record ReconcileResult(int ArrayOnly, StartedFollows Follows);
