using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Durable.History;

/// <summary>One event of an instance's history. Names of kinds and members are stored: never rename one, only add optional members.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ExecutionStartedEvent), "ExecutionStarted")]
[JsonDerivedType(typeof(ExecutionCompletedEvent), "ExecutionCompleted")]
[JsonDerivedType(typeof(ContinueAsNewEvent), "ContinueAsNew")]
[JsonDerivedType(typeof(ExecutionTerminatedEvent), "ExecutionTerminated")]
[JsonDerivedType(typeof(ExecutionSuspendedEvent), "ExecutionSuspended")]
[JsonDerivedType(typeof(ExecutionResumedEvent), "ExecutionResumed")]
[JsonDerivedType(typeof(TaskScheduledEvent), "TaskScheduled")]
[JsonDerivedType(typeof(TaskCompletedEvent), "TaskCompleted")]
[JsonDerivedType(typeof(TaskFailedEvent), "TaskFailed")]
[JsonDerivedType(typeof(SubOrchestrationInstanceCreatedEvent), "SubOrchestrationInstanceCreated")]
[JsonDerivedType(typeof(SubOrchestrationInstanceCompletedEvent), "SubOrchestrationInstanceCompleted")]
[JsonDerivedType(typeof(SubOrchestrationInstanceFailedEvent), "SubOrchestrationInstanceFailed")]
[JsonDerivedType(typeof(TimerCreatedEvent), "TimerCreated")]
[JsonDerivedType(typeof(TimerFiredEvent), "TimerFired")]
[JsonDerivedType(typeof(OrchestratorStartedEvent), "OrchestratorStarted")]
[JsonDerivedType(typeof(OrchestratorCompletedEvent), "OrchestratorCompleted")]
[JsonDerivedType(typeof(EventSentEvent), "EventSent")]
[JsonDerivedType(typeof(EventRaisedEvent), "EventRaised")]
[JsonDerivedType(typeof(ExecutionRewoundEvent), "ExecutionRewound")]
[JsonDerivedType(typeof(EntityOperationCalledEvent), "EntityOperationCalled")]
[JsonDerivedType(typeof(EntityOperationSignaledEvent), "EntityOperationSignaled")]
[JsonDerivedType(typeof(EntityOperationCompletedEvent), "EntityOperationCompleted")]
[JsonDerivedType(typeof(EntityOperationFailedEvent), "EntityOperationFailed")]
[JsonDerivedType(typeof(EntityLockRequestedEvent), "EntityLockRequested")]
[JsonDerivedType(typeof(EntityLockGrantedEvent), "EntityLockGranted")]
[JsonDerivedType(typeof(EntityUnlockSentEvent), "EntityUnlockSent")]
public abstract record HistoryEvent
{
    /// <summary>The number of the action that the orchestrator took; -1 for events from outside.</summary>
    public int EventId { get; init; } = -1;

    /// <summary>UTC.</summary>
    public DateTime Timestamp { get; init; }

    [JsonIgnore]
    public bool IsPlayed { get; init; }

    [JsonIgnore]
    public abstract EventType EventType { get; }
}
