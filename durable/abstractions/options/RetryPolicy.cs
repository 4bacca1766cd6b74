namespace SnapshotWorkflows.Durable;

/// <summary>Retries with delays first, first·c, first·c², … up to a maximum; each delay is a durable timer without jitter.</summary>
public class RetryPolicy
{
    /// <param name="maxNumberOfAttempts">Attempts in all, at least 1.</param>
    /// <param name="firstRetryInterval">Delay before the second attempt, over zero.</param>
    /// <param name="backoffCoefficient">At least 1.</param>
    /// <param name="maxRetryInterval">Default one hour; <see cref="Timeout.InfiniteTimeSpan"/> for no bound.</param>
    /// <param name="retryTimeout">Orchestration time after the first attempt from which there is no further one; default infinite.</param>
    public RetryPolicy(
        int maxNumberOfAttempts, TimeSpan firstRetryInterval, double backoffCoefficient = 1.0, TimeSpan? maxRetryInterval = null, TimeSpan? retryTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNumberOfAttempts);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(backoffCoefficient, 1.0);
        if (maxRetryInterval is { } max && max != Timeout.InfiniteTimeSpan)
            ArgumentOutOfRangeException.ThrowIfLessThan(max, firstRetryInterval, nameof(maxRetryInterval));
        if (retryTimeout is { } limit && limit != Timeout.InfiniteTimeSpan)
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, firstRetryInterval, nameof(retryTimeout));
        MaxNumberOfAttempts = maxNumberOfAttempts;
        FirstRetryInterval = firstRetryInterval;
        BackoffCoefficient = backoffCoefficient;
        MaxRetryInterval = maxRetryInterval ?? TimeSpan.FromHours(1);
        RetryTimeout = retryTimeout ?? Timeout.InfiniteTimeSpan;
    }

    public int MaxNumberOfAttempts { get; }

    public TimeSpan FirstRetryInterval { get; }

    public double BackoffCoefficient { get; }

    public TimeSpan MaxRetryInterval { get; }

    public TimeSpan RetryTimeout { get; }

    /// <summary>False vetoes a further attempt. Asked in the orchestrator's turn, so it must be deterministic.</summary>
    public Func<TaskFailureDetails, bool>? HandleFailure { get; set; }

    /// <summary>As <see cref="HandleFailure"/>, given the <see cref="TaskFailedException"/>.</summary>
    public Func<Exception, bool>? Handle { get; set; }

    /// <summary>As <see cref="Handle"/>; may await durable tasks.</summary>
    public Func<Exception, Task<bool>>? HandleAsync { get; set; }
}
