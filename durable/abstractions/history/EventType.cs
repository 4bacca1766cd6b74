namespace SnapshotWorkflows.Durable.History;

/// <summary>Kinds of history events, numbered as in the public engine.</summary>
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

    // Entities: the names of the public protocol; the numbers are ours.
    EntityOperationCalled,
    EntityOperationSignaled,
    EntityOperationCompleted,
    EntityOperationFailed,
    EntityLockRequested,
    EntityLockGranted,
    EntityUnlockSent,
}
