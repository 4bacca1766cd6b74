using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>Rows that a commit changes, table by table; each kind is written by one statement. Deletions come before insertions.</summary>
internal sealed class Plan
{
    public List<(CommitTurn Turn, string? Output, string? Failure, string? Input, int? Owner)> Turns { get; } = [];

    /// <summary>Turns as in <see cref="NextTurn"/> that say nothing of themselves: one function of the schema takes them all. Null where there is none.</summary>
    public List<CommitTurn>? Following { get; init; }

    public List<(CommitEntity Entity, string? State)> Entities { get; } = [];

    /// <summary>Entities that go if they have no message left.</summary>
    public List<string> Traceless { get; } = [];

    public List<(string Id, string Reason)> Notes { get; } = [];

    /// <summary>Live instances of this node that get messages: the commit holds only if they still are.</summary>
    public HashSet<(string Id, string? Execution)> Expected { get; } = [];

    /// <summary>Ended instances that go whole.</summary>
    public List<string> Removed { get; } = [];

    /// <summary>Instances of which every call goes.</summary>
    public HashSet<string> Idle { get; } = [];

    public List<string> EmptyInboxes { get; } = [];

    public List<(string Id, string Execution)> OldMessages { get; } = [];

    public List<string> OldHistories { get; } = [];

    public List<long> Consumed { get; } = [];

    public List<(string Id, string Execution, int Timer)> CancelledTimers { get; } = [];

    public List<(ActivityKey Key, int Attempt)> EndedActivities { get; } = [];

    public List<ActivityKey> ClaimedActivities { get; } = [];

    public List<ActivityKey> CancelledActivities { get; } = [];

    public List<NewInstance> Instances { get; } = [];

    public List<BegunInstance> Begun { get; } = [];

    public List<(string Id, string Execution, int Turn, string Events)> History { get; } = [];

    public List<NewMessage> Inbox { get; } = [];

    public List<(ScheduledActivity Activity, string? Input)> Activities { get; } = [];

    public List<StoreProgress> Progress { get; } = [];

    public List<(string Name, long Revision, string Content)> Documents { get; } = [];

    public List<(long Id, string Instance, PayloadPart Part, byte[] Data)> Payloads { get; } = [];

    /// <summary>Payloads of these instances and parts go before new ones come.</summary>
    public List<(string Instance, PayloadPart Part)> OldPayloads { get; } = [];

    /// <summary>Nodes that are to look; 0 for every node.</summary>
    public HashSet<int> Told { get; } = [];

    /// <summary>Calls are to be cancelled, or have nobody left who waits for them: whoever runs some looks which of its own.</summary>
    public bool StopsCalls { get; set; }
}

internal sealed record NewInstance(
    string Id, string Execution, string Name, string? Version, int Status, int? Owner, string? Parent, long CreatedAt, string? Input, string? Tags);

/// <summary>A new instance after its first turn.</summary>
internal sealed record BegunInstance(NewInstance Made, string? CustomStatus, string? Reason, long? EndedAt, string? Output, string? Failure);

/// <param name="News">The node that hears of it by its next look; null when this one knows, or nobody owns the instance.</param>
internal sealed record NewMessage(InboxMessage Message, int? News, string Stored);
