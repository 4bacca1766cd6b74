namespace SnapshotWorkflows.Durable;

/// <summary>What a retry handler may look at.</summary>
/// <param name="LastAttemptNumber">Counted from 1.</param>
/// <param name="TotalRetryTime">Orchestration time since the first attempt was scheduled.</param>
public record RetryContext(
    TaskOrchestrationContext OrchestrationContext,
    int LastAttemptNumber,
    TaskFailureDetails LastFailure,
    TimeSpan TotalRetryTime,
    CancellationToken CancellationToken);
