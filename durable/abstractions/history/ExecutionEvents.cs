using SnapshotWorkflows.Durable.Client;

namespace SnapshotWorkflows.Durable.History;

public sealed record OrchestrationInstance(string InstanceId, string? ExecutionId);

public sealed record ParentInstance(OrchestrationInstance OrchestrationInstance, string Name, string? Version, int TaskScheduleId);

public sealed record ExecutionStartedEvent : HistoryEvent
{
    public required OrchestrationInstance OrchestrationInstance { get; init; }
    public ParentInstance? ParentInstance { get; init; }
    public required string Name { get; init; }
    public string? Version { get; init; }
    public string? Input { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
    public DateTime? ScheduledStartTime { get; init; }

    /// <summary>How often the instance has continued as new.</summary>
    public int Generation { get; init; }

    /// <summary>W3C traceparent of whoever started the instance.</summary>
    public string? ParentTraceContext { get; init; }

    /// <summary>W3C tracestate that came with it: what the systems that export traces have to say to each other.</summary>
    public string? ParentTraceState { get; init; }
    public override EventType EventType => EventType.ExecutionStarted;
}

public sealed record ExecutionCompletedEvent : HistoryEvent
{
    public OrchestrationRuntimeStatus OrchestrationStatus { get; init; }
    public string? Result { get; init; }
    public TaskFailureDetails? FailureDetails { get; init; }
    public override EventType EventType => EventType.ExecutionCompleted;
}

public sealed record ContinueAsNewEvent : HistoryEvent
{
    public string? Result { get; init; }
    public override EventType EventType => EventType.ContinueAsNew;
}

public sealed record ExecutionTerminatedEvent : HistoryEvent
{
    public string? Input { get; init; }

    /// <summary>Children are terminated too.</summary>
    public bool Recurse { get; init; }
    public override EventType EventType => EventType.ExecutionTerminated;
}

public sealed record ExecutionSuspendedEvent : HistoryEvent
{
    public string? Reason { get; init; }
    public override EventType EventType => EventType.ExecutionSuspended;
}

public sealed record ExecutionResumedEvent : HistoryEvent
{
    public string? Reason { get; init; }
    public override EventType EventType => EventType.ExecutionResumed;
}

/// <summary>A failed instance goes on: what failed before this event is done again, what succeeded is kept.</summary>
public sealed record ExecutionRewoundEvent : HistoryEvent
{
    public string? Reason { get; init; }
    public override EventType EventType => EventType.ExecutionRewound;
}

/// <summary>Begins a turn; its time is CurrentUtcDateTime until the next.</summary>
public sealed record OrchestratorStartedEvent : HistoryEvent
{
    public override EventType EventType => EventType.OrchestratorStarted;
}

public sealed record OrchestratorCompletedEvent : HistoryEvent
{
    public override EventType EventType => EventType.OrchestratorCompleted;
}
