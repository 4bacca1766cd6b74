namespace Microsoft.DurableTask;

public record TaskOptions
{
    public TaskOptions(TaskRetryOptions? retry) => throw Signature.Only;
    public TaskOptions(TaskRetryOptions? retry = null, IDictionary<string, string>? tags = null) => throw Signature.Only;
    public TaskOptions(TaskOptions options) => throw Signature.Only;
    public TaskRetryOptions? Retry { get; init; }
    public IDictionary<string, string>? Tags { get; init; }
    public TaskVersion? Version { get; init; }
    public static TaskOptions FromRetryPolicy(RetryPolicy policy) => throw Signature.Only;
    public static TaskOptions FromRetryHandler(AsyncRetryHandler handler) => throw Signature.Only;
    public static TaskOptions FromRetryHandler(RetryHandler handler) => throw Signature.Only;
    public SubOrchestrationOptions WithInstanceId(string instanceId) => throw Signature.Only;
}

public record SubOrchestrationOptions : TaskOptions
{
    public SubOrchestrationOptions(TaskRetryOptions? retry = null, string? instanceId = null) => throw Signature.Only;
    public SubOrchestrationOptions(TaskOptions options, string? instanceId = null) => throw Signature.Only;
    public SubOrchestrationOptions(SubOrchestrationOptions options) : base(options) => throw Signature.Only;
    public string? InstanceId { get; init; }
    public new TaskVersion? Version { get; init; }
}

public record StartOrchestrationOptions
{
    public StartOrchestrationOptions(string? InstanceId = null, DateTimeOffset? StartAt = null) => throw Signature.Only;
    public StartOrchestrationOptions(StartOrchestrationOptions options) => throw Signature.Only;
    public string? InstanceId { get; init; }
    public DateTimeOffset? StartAt { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = null!;
    public TaskVersion? Version { get; init; }
    public IReadOnlyList<string>? DedupeStatuses { get; init; }
}

public sealed class TaskRetryOptions
{
    public TaskRetryOptions(RetryPolicy policy) => throw Signature.Only;
    public TaskRetryOptions(AsyncRetryHandler handler) => throw Signature.Only;
    public RetryPolicy? Policy { get; }
    public AsyncRetryHandler? Handler { get; }
    public static implicit operator TaskRetryOptions(RetryPolicy policy) => throw Signature.Only;
    public static implicit operator TaskRetryOptions(AsyncRetryHandler handler) => throw Signature.Only;
    public static implicit operator TaskRetryOptions(RetryHandler handler) => throw Signature.Only;
    public static TaskRetryOptions FromRetryPolicy(RetryPolicy policy) => throw Signature.Only;
    public static TaskRetryOptions FromRetryHandler(AsyncRetryHandler handler) => throw Signature.Only;
    public static TaskRetryOptions FromRetryHandler(RetryHandler handler) => throw Signature.Only;
}

public delegate bool RetryHandler(RetryContext retryContext);

public delegate Task<bool> AsyncRetryHandler(RetryContext retryContext);

public record RetryContext(
    TaskOrchestrationContext OrchestrationContext, int LastAttemptNumber, TaskFailureDetails LastFailure, TimeSpan TotalRetryTime, CancellationToken CancellationToken);

public class RetryPolicy
{
    public RetryPolicy(
        int maxNumberOfAttempts, TimeSpan firstRetryInterval, double backoffCoefficient = 1.0, TimeSpan? maxRetryInterval = null, TimeSpan? retryTimeout = null) => throw Signature.Only;
    public int MaxNumberOfAttempts { get; }
    public TimeSpan FirstRetryInterval { get; }
    public double BackoffCoefficient { get; }
    public TimeSpan MaxRetryInterval { get; }
    public TimeSpan RetryTimeout { get; }
    public Func<Exception, bool> Handle => throw Signature.Only;
    public Func<Exception, Task<bool>>? HandleAsync { get; set; }
    public Func<TaskFailureDetails, bool> HandleFailure { init => throw Signature.Only; }
}

public record TaskFailureDetails(string ErrorType, string ErrorMessage, string? StackTrace, TaskFailureDetails? InnerFailure, IDictionary<string, object?>? Properties)
{
    public override string ToString() => throw Signature.Only;
    public bool IsCausedBy<T>() where T : Exception => throw Signature.Only;
    public bool IsCausedBy(Type targetBaseExceptionType) => throw Signature.Only;
    public static TaskFailureDetails FromException(Exception exception) => throw Signature.Only;
}

public sealed class TaskFailedException : Exception
{
    public TaskFailedException(string taskName, int taskId, Exception innerException) => throw Signature.Only;
    public TaskFailedException(string taskName, int taskId, TaskFailureDetails failureDetails) => throw Signature.Only;
    public string TaskName => throw Signature.Only;
    public int TaskId { get; }
    public TaskFailureDetails FailureDetails => throw Signature.Only;
    public bool IsCausedByException<T>() where T : Exception => throw Signature.Only;
}

public abstract class AsyncPageable<T> : IAsyncEnumerable<T> where T : notnull
{
    public abstract IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null);
    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default) => throw Signature.Only;
}

public sealed class Page<T> where T : notnull
{
    public Page(IReadOnlyList<T> values, string? continuationToken = null) => throw Signature.Only;
    public IReadOnlyList<T> Values => throw Signature.Only;
    public string? ContinuationToken { get; }
}

public static class Pageable
{
    public static AsyncPageable<T> Create<T>(Func<string?, CancellationToken, Task<Page<T>>> pageFunc) where T : notnull => throw Signature.Only;
    public static AsyncPageable<T> Create<T>(Func<string?, int?, CancellationToken, Task<Page<T>>> pageFunc) where T : notnull => throw Signature.Only;
}

public abstract class DataConverter
{
    [return: NotNullIfNotNull(nameof(value))]
    public abstract string? Serialize(object? value);
    public abstract object? Deserialize(string? data, Type targetType);
    public virtual T? Deserialize<T>(string? data) => throw Signature.Only;
}
