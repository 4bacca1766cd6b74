using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>A message that waits for an instance. Its row is deleted only by the commit that consumes it.</summary>
/// <param name="Sequence">Rises with every message of the hub; order of arrival.</param>
/// <param name="ExecutionId">The execution it is meant for; null for any, as with external events.</param>
/// <param name="VisibleAt">Not to be consumed earlier: durable timers and delayed starts.</param>
public sealed record InboxMessage(long Sequence, string InstanceId, string? ExecutionId, DateTimeOffset VisibleAt, HistoryEvent Event)
{
    /// <summary>Of the instance, where its start is told of by the commit that created it.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}
