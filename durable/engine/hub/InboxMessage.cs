using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>A message that waits for an instance. Its row is deleted only by the commit that consumes it.</summary>
/// <param name="Sequence">Rises with every message of the hub; order of arrival.</param>
/// <param name="ExecutionId">The execution it is meant for; null for any, as with external events.</param>
/// <param name="VisibleAt">By its sender's clock; messages are taken in this order.</param>
public sealed record InboxMessage(long Sequence, string InstanceId, string? ExecutionId, DateTimeOffset VisibleAt, HistoryEvent Event)
{
    /// <summary>Not to be consumed earlier. Only what was meant for a time waits for it: of all else that time is when it was sent, and the clock of its sender may be ahead.</summary>
    public DateTimeOffset DueAt => Event is TimerFiredEvent or ExecutionStartedEvent { ScheduledStartTime: not null } or EntityOperationSignaledEvent { ScheduledTime: not null }
        ? VisibleAt
        : DateTimeOffset.MinValue;

    /// <summary>Of the instance, where its start is told of by the commit that created it.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}
