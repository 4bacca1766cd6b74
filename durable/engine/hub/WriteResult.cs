using SnapshotWorkflows.Durable.Client;

namespace SnapshotWorkflows.Durable.Engine.Hub;

public enum WriteOutcome
{
    Done,

    /// <summary>The condition of the write did not hold: somebody else has moved on. Nothing was written.</summary>
    Fenced,
    NotFound,

    /// <summary>The status of the instance does not allow it; see <see cref="WriteResult.Status"/>.</summary>
    Refused,
}

/// <param name="Delivered">Messages that the write put into inboxes, in order.</param>
public sealed record WriteResult(WriteOutcome Outcome, IReadOnlyList<InboxMessage> Delivered)
{
    public OrchestrationRuntimeStatus? Status { get; init; }
    public ClaimedActivity? Claimed { get; init; }
    public int Count { get; init; }

    /// <summary>After <see cref="StartInstance"/>: its first turn is written too.</summary>
    public bool TookFirstTurn { get; init; }

    /// <summary>After <see cref="StoreDocument"/>: what stands there now, null if nothing does.</summary>
    public HubDocument? Document { get; init; }
}

/// <param name="Revision">Rises by one with every write, from 1.</param>
public sealed record HubDocument(long Revision, string Content);
