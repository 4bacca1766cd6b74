using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>Everything that one turn of one instance did. Written only if the instance is still at <see cref="Revision"/> of <see cref="ExecutionId"/>.</summary>
public sealed record CommitTurn : HubWrite
{
    public required string InstanceId { get; init; }
    public required string ExecutionId { get; init; }

    /// <summary>The fence: rises with every commit of the instance.</summary>
    public required long Revision { get; init; }

    /// <summary>The instance has ended as Failed and lives again with this commit (rewind). Fenced unless it is Failed.</summary>
    public bool Reopens { get; init; }

    /// <summary>Set by ContinueAsNew: the old execution's history, timers and activities go.</summary>
    public ExecutionStartedEvent? Restart { get; init; }

    /// <summary>The number of the history row that takes <see cref="Events"/>.</summary>
    public required int HistoryRow { get; init; }
    public required IReadOnlyList<HistoryEvent> Events { get; init; }

    /// <summary>Their stored form, which is made once: before the commit where there is time for it.</summary>
    /// <exception cref="NotSupportedException">One of them cannot be written.</exception>
    public string StoredEvents
    {
        get
        {
            if (_stored is not { } stored || !ReferenceEquals(stored.Events, Events))
                _stored = stored = (Events, HistoryJson.Write(Events));
            return stored.Text;
        }
    }

    private (IReadOnlyList<HistoryEvent> Events, string Text)? _stored;
    public required OrchestrationRuntimeStatus Status { get; init; }

    /// <summary>The row holds a turn that has begun and not ended (after ContinueAsNew).</summary>
    public bool OpenTurn { get; init; }
    public required DateTimeOffset At { get; init; }
    public string? Output { get; init; }
    public TaskFailureDetails? Failure { get; init; }
    public string? CustomStatus { get; init; }

    /// <summary>Why the instance does not go on by itself; null when it does.</summary>
    public string? Reason
    {
        get;
        // Text from anywhere, kept as it is elsewhere: without what a hub cannot keep.
        init => field = value?.Replace('\0', '\uFFFD');
    }

    public IReadOnlyList<long> ConsumedMessages { get; init; } = [];

    /// <summary>Calls whose end is in <see cref="Events"/>; each only from its current attempt, else the turn is fenced off.</summary>
    public IReadOnlyList<(int TaskId, int Attempt)> ConsumedActivities { get; init; } = [];

    /// <summary>New calls; those with <see cref="ScheduledActivity.Claimed"/> start as attempt 1 of this process.</summary>
    public IReadOnlyList<ScheduledActivity> Activities { get; init; } = [];
    public IReadOnlyList<TimerFiredEvent> Timers { get; init; } = [];
    public IReadOnlyList<int> CancelledTimers { get; init; } = [];
    public IReadOnlyList<int> CancelRequested { get; init; } = [];
    public IReadOnlyList<OutgoingMessage> Messages { get; init; } = [];
    public IReadOnlyList<ExecutionStartedEvent> Children { get; init; } = [];

    /// <summary>Sent to every live child.</summary>
    public ExecutionTerminatedEvent? TerminateChildren { get; init; }
}

/// <summary>A message to another instance; dropped if that has ended or is in another execution. An entity that does not exist comes to be.</summary>
public sealed record OutgoingMessage(string InstanceId, string? ExecutionId, HistoryEvent Event)
{
    /// <summary>Not to be consumed earlier; null for at once.</summary>
    public DateTimeOffset? VisibleAt { get; init; }
}
