namespace SnapshotWorkflows.Durable.History;

public sealed record TaskScheduledEvent : HistoryEvent
{
    public required string Name { get; init; }
    public string? Version { get; init; }
    public string? Input { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
    public override EventType EventType => EventType.TaskScheduled;
}

public sealed record TaskCompletedEvent : HistoryEvent
{
    public required int TaskScheduledId { get; init; }
    public string? Result { get; init; }
    public override EventType EventType => EventType.TaskCompleted;
}

public sealed record TaskFailedEvent : HistoryEvent
{
    public required int TaskScheduledId { get; init; }
    public TaskFailureDetails? FailureDetails { get; init; }
    public override EventType EventType => EventType.TaskFailed;
}

public sealed record SubOrchestrationInstanceCreatedEvent : HistoryEvent
{
    public required string Name { get; init; }
    public string? Version { get; init; }
    public required string InstanceId { get; init; }
    public string? Input { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
    public override EventType EventType => EventType.SubOrchestrationInstanceCreated;
}

public sealed record SubOrchestrationInstanceCompletedEvent : HistoryEvent
{
    public required int TaskScheduledId { get; init; }
    public string? Result { get; init; }
    public override EventType EventType => EventType.SubOrchestrationInstanceCompleted;
}

public sealed record SubOrchestrationInstanceFailedEvent : HistoryEvent
{
    public required int TaskScheduledId { get; init; }
    public TaskFailureDetails? FailureDetails { get; init; }
    public override EventType EventType => EventType.SubOrchestrationInstanceFailed;
}

public sealed record TimerCreatedEvent : HistoryEvent
{
    public DateTime FireAt { get; init; }

    /// <summary>How long the orchestrator wanted to wait; null where it gave a point in time.</summary>
    public TimeSpan? Delay { get; init; }
    public override EventType EventType => EventType.TimerCreated;
}

public sealed record TimerFiredEvent : HistoryEvent
{
    public required int TimerId { get; init; }
    public DateTime FireAt { get; init; }

    /// <summary>As in the <see cref="TimerCreatedEvent"/>: before <see cref="FireAt"/> by so much the timer was made. Kept while the timer waits, not in history.</summary>
    public TimeSpan? Delay { get; init; }
    public override EventType EventType => EventType.TimerFired;
}

public sealed record EventSentEvent : HistoryEvent
{
    public required string InstanceId { get; init; }
    public required string Name { get; init; }
    public string? Input { get; init; }
    public override EventType EventType => EventType.EventSent;
}

public sealed record EventRaisedEvent : HistoryEvent
{
    public required string Name { get; init; }
    public string? Input { get; init; }
    public override EventType EventType => EventType.EventRaised;
}
