namespace Microsoft.DurableTask;

public readonly struct TaskName : IEquatable<TaskName>
{
    public TaskName(string name) => Name = name;
    public string Name { get; }
    public string Version => throw Signature.Only;
    public static implicit operator string(TaskName value) => throw Signature.Only;
    public static implicit operator TaskName(string value) => throw Signature.Only;
    public static bool operator ==(TaskName a, TaskName b) => throw Signature.Only;
    public static bool operator !=(TaskName a, TaskName b) => throw Signature.Only;
    public bool Equals(TaskName other) => throw Signature.Only;
    public override bool Equals(object? obj) => throw Signature.Only;
    public override int GetHashCode() => throw Signature.Only;
    public override string ToString() => throw Signature.Only;
}

public readonly struct TaskVersion : IEquatable<TaskVersion>
{
    public static readonly TaskVersion Unversioned;
    public TaskVersion(string? version) => throw Signature.Only;
    public string Version => throw Signature.Only;
    public static implicit operator string(TaskVersion value) => throw Signature.Only;
    public static implicit operator TaskVersion(string? value) => throw Signature.Only;
    public static bool operator ==(TaskVersion a, TaskVersion b) => throw Signature.Only;
    public static bool operator !=(TaskVersion a, TaskVersion b) => throw Signature.Only;
    public bool Equals(TaskVersion other) => throw Signature.Only;
    public override bool Equals(object? obj) => throw Signature.Only;
    public override int GetHashCode() => throw Signature.Only;
}

[AttributeUsage(AttributeTargets.Class)]
public sealed class DurableTaskAttribute : Attribute
{
    public DurableTaskAttribute(string? name = null) => throw Signature.Only;
    public TaskName Name { get; }
    public string? Version { get; set; }
}

[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class DurableEventAttribute : Attribute
{
    public DurableEventAttribute(string? name = null) => throw Signature.Only;
    public TaskName Name { get; }
}

public interface ITaskOrchestrator
{
    Type InputType { get; }
    Type OutputType { get; }
    Task<object?> RunAsync(TaskOrchestrationContext context, object? input);
}

public abstract class TaskOrchestrator<TInput, TOutput> : ITaskOrchestrator
{
    Type ITaskOrchestrator.InputType => throw Signature.Only;
    Type ITaskOrchestrator.OutputType => throw Signature.Only;
    Task<object?> ITaskOrchestrator.RunAsync(TaskOrchestrationContext context, object? input) => throw Signature.Only;
    public abstract Task<TOutput> RunAsync(TaskOrchestrationContext context, TInput input);
}

public interface ITaskActivity
{
    Type InputType { get; }
    Type OutputType { get; }
    Task<object?> RunAsync(TaskActivityContext context, object? input);
}

public abstract class TaskActivity<TInput, TOutput> : ITaskActivity
{
    Type ITaskActivity.InputType => throw Signature.Only;
    Type ITaskActivity.OutputType => throw Signature.Only;
    Task<object?> ITaskActivity.RunAsync(TaskActivityContext context, object? input) => throw Signature.Only;
    public abstract Task<TOutput> RunAsync(TaskActivityContext context, TInput input);
}

public abstract class TaskActivityContext
{
    public abstract TaskName Name { get; }
    public abstract string InstanceId { get; }
    public virtual string Version => throw Signature.Only;
}

public record ParentOrchestrationInstance(TaskName Name, string InstanceId);

public class ContinueAsNewOptions
{
    public object? NewInput { get; set; }
    public bool PreserveUnprocessedEvents { get; set; }
    public string? NewVersion { get; set; }
}

public abstract class TaskOrchestrationContext
{
    public abstract TaskName Name { get; }
    public abstract string InstanceId { get; }
    public abstract ParentOrchestrationInstance? Parent { get; }
    public abstract DateTime CurrentUtcDateTime { get; }
    public abstract bool IsReplaying { get; }
    public virtual string Version => throw Signature.Only;
    public virtual IReadOnlyDictionary<string, object?> Properties => throw Signature.Only;
    public virtual TaskOrchestrationEntityFeature Entities => throw Signature.Only;
    public virtual ILoggerFactory ReplaySafeLoggerFactory => throw Signature.Only;
    protected abstract ILoggerFactory LoggerFactory { get; }
    public abstract T? GetInput<T>();
    public virtual Task CallActivityAsync(TaskName name, object? input = null, TaskOptions? options = null) => throw Signature.Only;
    public virtual Task CallActivityAsync(TaskName name, TaskOptions options) => throw Signature.Only;
    public virtual Task<TResult> CallActivityAsync<TResult>(TaskName name, TaskOptions options) => throw Signature.Only;
    public abstract Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null);
    public virtual Task CreateTimer(TimeSpan delay, CancellationToken cancellationToken) => throw Signature.Only;
    public abstract Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken);
    public abstract Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default);
    public Task<T> WaitForExternalEvent<T>(string eventName, TimeSpan timeout) => throw Signature.Only;
    public Task<T> WaitForExternalEvent<T>(string eventName, TimeSpan timeout, CancellationToken cancellationToken) => throw Signature.Only;
    public abstract void SendEvent(string instanceId, string eventName, object payload);
    public abstract void SetCustomStatus(object? customStatus);
    public abstract Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null);
    public virtual Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, TaskOptions options) => throw Signature.Only;
    public virtual Task CallSubOrchestratorAsync(TaskName orchestratorName, TaskOptions options) => throw Signature.Only;
    public virtual Task CallSubOrchestratorAsync(TaskName orchestratorName, object? input = null, TaskOptions? options = null) => throw Signature.Only;
    public abstract void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true);
    public virtual void ContinueAsNew(ContinueAsNewOptions options) => throw Signature.Only;
    public abstract Guid NewGuid();
    public virtual ILogger CreateReplaySafeLogger(string categoryName) => throw Signature.Only;
    public virtual ILogger CreateReplaySafeLogger(Type type) => throw Signature.Only;
    public virtual ILogger CreateReplaySafeLogger<T>() => throw Signature.Only;
    public virtual int CompareVersionTo(string version) => throw Signature.Only;
}

public readonly struct Unit : IEquatable<Unit>, IComparable<Unit>
{
    public static ref readonly Unit Value => throw Signature.Only;
    public static Task<Unit> Task => throw Signature.Only;
    public static bool operator ==(Unit left, Unit right) => throw Signature.Only;
    public static bool operator !=(Unit left, Unit right) => throw Signature.Only;
    public static bool operator <(Unit left, Unit right) => throw Signature.Only;
    public static bool operator <=(Unit left, Unit right) => throw Signature.Only;
    public static bool operator >(Unit left, Unit right) => throw Signature.Only;
    public static bool operator >=(Unit left, Unit right) => throw Signature.Only;
    public int CompareTo(Unit other) => throw Signature.Only;
    public bool Equals(Unit other) => throw Signature.Only;
    public override bool Equals(object? obj) => throw Signature.Only;
    public override int GetHashCode() => throw Signature.Only;
}

public interface IBaseOrchestrationRequest
{
    TaskName GetTaskName();
}

public interface IOrchestrationRequest<out TResult> : IBaseOrchestrationRequest;

public interface IOrchestrationRequest : IOrchestrationRequest<Unit>;

public interface IBaseActivityRequest
{
    TaskName GetTaskName();
}

public interface IActivityRequest<out TResult> : IBaseActivityRequest;

public interface IActivityRequest : IActivityRequest<Unit>;

public static class OrchestrationRequest
{
    public static IOrchestrationRequest<TResult> Create<TResult>(TaskName name, object? input = null) => throw Signature.Only;
}

public static class ActivityRequest
{
    public static IActivityRequest<TResult> Create<TResult>(TaskName name, object? input = null) => throw Signature.Only;
}

public static class TaskOrchestrationContextRequestExtensions
{
    public static Task<TResult> RunAsync<TResult>(this TaskOrchestrationContext context, IOrchestrationRequest<TResult> request, TaskOptions? options = null) => throw Signature.Only;
    public static Task RunAsync(this TaskOrchestrationContext context, IOrchestrationRequest<Unit> request, TaskOptions? options = null) => throw Signature.Only;
    public static Task<TResult> RunAsync<TResult>(this TaskOrchestrationContext context, IActivityRequest<TResult> request, TaskOptions? options = null) => throw Signature.Only;
    public static Task RunAsync(this TaskOrchestrationContext context, IActivityRequest<Unit> request, TaskOptions? options = null) => throw Signature.Only;
}
