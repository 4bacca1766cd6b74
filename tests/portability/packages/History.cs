namespace DurableTask.Core.History;

/// <summary>Of the history events only what all have in common; an app reads them as data.</summary>
public abstract class HistoryEvent
{
    public int EventId { get; set; }
    public bool IsPlayed { get; set; }
    public DateTime Timestamp { get; set; }
    public virtual EventType EventType => throw Signature.Only;
}

public enum EventType
{
    ExecutionStarted,
    ExecutionCompleted,
    ExecutionFailed,
    ExecutionTerminated,
    TaskScheduled,
    TaskCompleted,
    TaskFailed,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceFailed,
    TimerCreated,
    TimerFired,
    OrchestratorStarted,
    OrchestratorCompleted,
    EventSent,
    EventRaised,
    ContinueAsNew,
    GenericEvent,
    HistoryState,
    ExecutionSuspended,
    ExecutionResumed,
    ExecutionRewound,
}
