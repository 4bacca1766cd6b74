namespace SnapshotWorkflows.Durable;

/// <summary>Asked after each failure: true calls the task again, at once. The handler is orchestrator code: it is replayed, and may wait by a durable timer.</summary>
public delegate Task<bool> AsyncRetryHandler(RetryContext retryContext);

/// <inheritdoc cref="AsyncRetryHandler"/>
public delegate bool RetryHandler(RetryContext retryContext);

/// <summary>Either a <see cref="RetryPolicy"/> or an <see cref="AsyncRetryHandler"/>.</summary>
public record TaskRetryOptions
{
    public TaskRetryOptions(RetryPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        Policy = policy;
    }

    public TaskRetryOptions(AsyncRetryHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Handler = handler;
    }

    public TaskRetryOptions(RetryHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Handler = context => Task.FromResult(handler(context));
    }

    public RetryPolicy? Policy { get; }

    public AsyncRetryHandler? Handler { get; }

    public static implicit operator TaskRetryOptions(RetryPolicy policy) => FromRetryPolicy(policy);

    public static implicit operator TaskRetryOptions(RetryHandler handler) => FromRetryHandler(handler);

    public static implicit operator TaskRetryOptions(AsyncRetryHandler handler) => FromRetryHandler(handler);

    public static TaskRetryOptions FromRetryPolicy(RetryPolicy policy) => new(policy);

    public static TaskRetryOptions FromRetryHandler(RetryHandler handler) => new(handler);

    public static TaskRetryOptions FromRetryHandler(AsyncRetryHandler handler) => new(handler);
}
