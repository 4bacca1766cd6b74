namespace SnapshotWorkflows.Durable.History;

/// <summary>An orchestrator calls an entity and waits for the answer. The same record is the message to the entity.</summary>
public sealed record EntityOperationCalledEvent : HistoryEvent
{
    public required string RequestId { get; init; }

    /// <summary>The entity, as <c>@name@key</c>.</summary>
    public required string TargetInstanceId { get; init; }
    public required string Operation { get; init; }
    public string? Input { get; init; }

    /// <summary>The caller's execution, to which the answer goes.</summary>
    public required OrchestrationInstance Parent { get; init; }
    public override EventType EventType => EventType.EntityOperationCalled;
}

/// <summary>An entity is told to do something; nobody waits for it. The same record is the message to the entity.</summary>
public sealed record EntityOperationSignaledEvent : HistoryEvent
{
    public required string RequestId { get; init; }
    public required string TargetInstanceId { get; init; }
    public required string Operation { get; init; }
    public string? Input { get; init; }

    /// <summary>Not to be done earlier (UTC).</summary>
    public DateTime? ScheduledTime { get; init; }
    public override EventType EventType => EventType.EntityOperationSignaled;
}

public sealed record EntityOperationCompletedEvent : HistoryEvent
{
    public required int TaskScheduledId { get; init; }
    public required string RequestId { get; init; }
    public string? Output { get; init; }
    public override EventType EventType => EventType.EntityOperationCompleted;
}

public sealed record EntityOperationFailedEvent : HistoryEvent
{
    public required int TaskScheduledId { get; init; }
    public required string RequestId { get; init; }
    public TaskFailureDetails? FailureDetails { get; init; }
    public override EventType EventType => EventType.EntityOperationFailed;
}

/// <summary>An orchestrator asks for a critical section. The request goes from entity to entity in the order of <see cref="LockSet"/>; the last one grants it.</summary>
public sealed record EntityLockRequestedEvent : HistoryEvent
{
    public required string CriticalSectionId { get; init; }

    /// <summary>Entity ids, each once, in the one order that every orchestrator uses: so no two wait for each other.</summary>
    public required IReadOnlyList<string> LockSet { get; init; }

    /// <summary>The entity of <see cref="LockSet"/> that has the request now.</summary>
    public int Position { get; init; }
    public required OrchestrationInstance Parent { get; init; }
    public override EventType EventType => EventType.EntityLockRequested;
}

public sealed record EntityLockGrantedEvent : HistoryEvent
{
    public required int TaskScheduledId { get; init; }
    public required string CriticalSectionId { get; init; }
    public override EventType EventType => EventType.EntityLockGranted;
}

/// <summary>An entity is let go, or a request that it has not granted yet is withdrawn.</summary>
public sealed record EntityUnlockSentEvent : HistoryEvent
{
    public required string CriticalSectionId { get; init; }
    public required string TargetInstanceId { get; init; }
    public required string ParentInstanceId { get; init; }

    /// <summary>Entities behind this one on the way of the request; a withdrawal follows it there. Empty for a section that was granted whole.</summary>
    public IReadOnlyList<string>? Then { get; init; }
    public override EventType EventType => EventType.EntityUnlockSent;
}
