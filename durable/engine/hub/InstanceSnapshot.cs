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

    /// <summary>Known where this process has just created it.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Set when rows of the history or the inbox cannot be read; then neither is complete.</summary>
    public HubDamage? Damage { get; init; }

    /// <summary>JSON of an entity's state; null when it has none. Entities have no history.</summary>
    public string? EntityState { get; init; }

    /// <summary>Who holds an entity in a critical section; the engine's own text.</summary>
    public string? LockedBy { get; init; }
}

/// <param name="IsNewer">The rows are sound and hold kinds of events that this program does not know: a newer one wrote them.</param>
public sealed record HubDamage(string Reason, bool IsNewer);

/// <summary>What queries tell about an instance.</summary>
public sealed record InstanceRecord(string InstanceId, string Name, OrchestrationRuntimeStatus Status, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public string? Input { get; init; }
    public string? Output { get; init; }
    public string? CustomStatus { get; init; }
    public TaskFailureDetails? Failure { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
    public string? Version { get; init; }

    /// <summary>Why the instance does not go on by itself.</summary>
    public string? Reason { get; init; }

    /// <summary>Its present execution, or its last; null where the record does not come from a hub.</summary>
    public string? ExecutionId { get; init; }
}

/// <summary>What queries tell about an entity.</summary>
/// <param name="State">JSON; null when it has none, or it was not asked for.</param>
/// <param name="Backlog">Messages in its inbox.</param>
public sealed record EntityRecord(string InstanceId, DateTimeOffset UpdatedAt, string? State, string? LockedBy, int Backlog);

/// <summary>Selects ended instances by the time of their end, both inclusive, oldest end first.</summary>
/// <param name="Statuses">Null or empty for every ended status.</param>
/// <param name="After">Continuation token of the page before.</param>
public sealed record EndedFilter(
    IReadOnlyCollection<OrchestrationRuntimeStatus>? Statuses, DateTimeOffset? From, DateTimeOffset? To, int PageSize, string? After);

/// <summary>Work that a former process left behind.</summary>
/// <param name="Wakes">Instances with messages or an open turn, and when the earliest is due.</param>
/// <param name="Activities">Calls that have not ended, and how many attempts at them have begun.</param>
public sealed record PendingWork(IReadOnlyList<(string InstanceId, DateTimeOffset Due)> Wakes, IReadOnlyList<(ActivityKey Key, string Name, int Attempts)> Activities)
{
    /// <summary>Instances that have outlived <see cref="SuspectAfter"/> owners or more without a commit.</summary>
    public IReadOnlyList<string> Suspects { get; init; } = [];

    /// <summary>So many deaths of owners in a row may be chance: whatever else killed them. Beyond it only trials count (<see cref="BeginTrial"/>).</summary>
    public const int SuspectAfter = 3;
}
