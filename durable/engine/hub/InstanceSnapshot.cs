using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>A live instance as loaded for its next turn.</summary>
public sealed record InstanceSnapshot
{
    public required string InstanceId { get; init; }
    public required string ExecutionId { get; init; }
    public required string Name { get; init; }
    public string? Version { get; init; }
    public required OrchestrationRuntimeStatus Status { get; init; }
    public required long Revision { get; init; }
    public required bool OpenTurn { get; init; }
    public string? CustomStatus { get; init; }
    public required int NextHistoryRow { get; init; }
    public required IReadOnlyList<HistoryEvent> History { get; init; }
    public required IReadOnlyList<InboxMessage> Inbox { get; init; }
}

/// <summary>What queries tell about an instance.</summary>
public sealed record InstanceRecord(string InstanceId, string Name, OrchestrationRuntimeStatus Status, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public string? Input { get; init; }
    public string? Output { get; init; }
    public string? CustomStatus { get; init; }
    public TaskFailureDetails? Failure { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

/// <summary>Work that a former process left behind.</summary>
/// <param name="Wakes">Instances with messages or an open turn, and when the earliest is due.</param>
/// <param name="Activities">Calls that have not ended.</param>
public sealed record PendingWork(IReadOnlyList<(string InstanceId, DateTimeOffset Due)> Wakes, IReadOnlyList<(ActivityKey Key, string Name)> Activities);
