using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Turns;

/// <summary>Something that a turn may consume: a row of the inbox, or the end of an activity that is in memory only.</summary>
internal sealed record PendingMessage(HistoryEvent Event, string? ExecutionId, long? Sequence, int Attempt = 0)
{
    public bool IsActivityEnd => Sequence is null;
}

/// <summary>A live instance in memory: its executor and what waits for it. Owned by the dispatcher.</summary>
internal sealed class HotInstance(InstanceSnapshot snapshot, OrchestrationExecutor executor, MisdatedTimers timers)
{
    private readonly List<InboxMessage> _future = [];
    private readonly SeenSequences _seen = new();

    public string InstanceId => snapshot.InstanceId;

    public string ExecutionId { get; set; } = snapshot.ExecutionId;

    public string Name => snapshot.Name;

    public OrchestrationExecutor Executor { get; set; } = executor;

    public OrchestrationRuntimeStatus Status { get; set; } = snapshot.Status;

    public string? CustomStatus { get; set; } = snapshot.CustomStatus;

    public long Revision { get; set; } = snapshot.Revision;

    public int NextHistoryRow { get; set; } = snapshot.NextHistoryRow;

    public bool OpenTurn { get; set; } = snapshot.OpenTurn;

    /// <summary>Why the instance cannot go on here; null if it can.</summary>
    public Obstacle? Obstacle { get; set; }

    /// <summary>Children that were awaited when the instance was rewound: one that ended while it was Failed told nobody. Empty once that was looked after.</summary>
    public IReadOnlyList<SubOrchestrationInstanceCreatedEvent> Overheard { get; set; } = [];

    /// <summary>Why it is suspended.</summary>
    public string? Reason { get; set; }

    /// <summary>How the instance began, where its code is not there to have taken it.</summary>
    public ExecutionStartedEvent? Start { get; set; }

    /// <summary>Known while the execution that this process has created goes on: then the hub need not be asked what became of it.</summary>
    public DateTimeOffset? CreatedAt { get; set; } = snapshot.CreatedAt;

    /// <summary>Ready to be consumed, in order.</summary>
    public List<PendingMessage> Ready { get; } = [];

    /// <summary>Kept back while the instance is suspended, in order.</summary>
    public List<PendingMessage> Held { get; } = [];

    /// <summary>The wake that is queued for the next row that becomes visible.</summary>
    public DateTimeOffset? NextWake { get; set; }

    /// <summary>Least recently used goes first.</summary>
    public long LastUsed { get; set; }

    /// <summary>Of this execution.</summary>
    public HeldLocks Locks { get; set; } = new();

    public bool IsSuspended => Status == OrchestrationRuntimeStatus.Suspended;

    public bool IsIdle => Ready.Count == 0 && !OpenTurn && Held.TrueForAll(message => !message.IsActivityEnd);

    public bool HasWork => Ready.Count > 0 || (OpenTurn && !IsSuspended);

    /// <summary>Takes a delivered row once, however often it is told of it.</summary>
    public void Deliver(InboxMessage message)
    {
        if (_seen.Add(message.Sequence))
            _future.Add(message);
    }

    public void Consumed(IReadOnlyList<long> sequences)
    {
        _seen.Consumed(sequences);
        timers.Forget(sequences);
    }

    /// <returns>False when a wake is queued that comes no later.</returns>
    public bool Plan(DateTimeOffset due, DateTimeOffset now)
    {
        if (NextWake is { } planned && planned > now && planned <= due)
            return false;
        NextWake = due;
        return true;
    }

    /// <summary>Moves rows that have become visible to <see cref="Ready"/>.</summary>
    /// <returns>When the next one becomes visible.</returns>
    public DateTimeOffset? Ripen(DateTimeOffset now)
    {
        if (_future.Count == 0)
            return null;
        var ripe = new List<InboxMessage>();
        _future.RemoveAll(message =>
        {
            var isDue = timers.DueAt(message, now) <= now;
            if (isDue)
                ripe.Add(message);
            return isDue;
        });
        foreach (var due in ripe.OrderBy(message => message.VisibleAt).ThenBy(message => message.Sequence))
            Ready.Add(new PendingMessage(due.Event, due.ExecutionId, due.Sequence));
        return NextVisible(now);
    }

    public DateTimeOffset? NextVisible(DateTimeOffset now) => _future.Count == 0 ? null : _future.Min(message => timers.DueAt(message, now));

    public void DropTimers(IReadOnlyList<int> ids)
    {
        if (ids.Count > 0)
            Drop(message => message.Event is TimerFiredEvent timer && message.ExecutionId == ExecutionId && ids.Contains(timer.TimerId));
    }

    /// <summary>An execution that is over: the hub has dropped the timers of it that were still to come.</summary>
    public void DropExecution(string executionId) => Drop(message => message.ExecutionId == executionId);

    private void Drop(Predicate<InboxMessage> isGone)
    {
        var gone = _future.FindAll(isGone);
        if (gone.Count == 0)
            return;
        _future.RemoveAll(gone.Contains);
        Consumed([.. gone.Select(message => message.Sequence)]);
    }
}
