namespace Microsoft.DurableTask.Entities;

public record CallEntityOptions;

public record SignalEntityOptions
{
    public DateTimeOffset? SignalTime { get; init; }
    public static implicit operator SignalEntityOptions?(bool? value) => throw Signature.Only;
    public static implicit operator SignalEntityOptions(DateTimeOffset value) => throw Signature.Only;
}

public readonly record struct EntityInstanceId
{
    public EntityInstanceId(string name, string key) => throw Signature.Only;
    public string Name { get; }
    public string Key { get; }
    public static EntityInstanceId FromString(string instanceId) => throw Signature.Only;
    public override string ToString() => throw Signature.Only;
}

public sealed class EntityOperationFailedException : Exception
{
    public EntityOperationFailedException(EntityInstanceId entityId, string operationName, TaskFailureDetails failureDetails) => throw Signature.Only;
    public EntityInstanceId EntityId { get; }
    public string OperationName => throw Signature.Only;
    public TaskFailureDetails FailureDetails => throw Signature.Only;
}

public interface ITaskEntity
{
    ValueTask<object?> RunAsync(TaskEntityOperation operation);
}

public abstract class TaskEntity<TState> : ITaskEntity
{
    protected virtual bool AllowStateDispatch => throw Signature.Only;
    protected TState State { get; set; } = default!;
    protected TaskEntityContext Context => throw Signature.Only;
    public ValueTask<object?> RunAsync(TaskEntityOperation operation) => throw Signature.Only;
    protected virtual TState InitializeState(TaskEntityOperation entityOperation) => throw Signature.Only;
}

public abstract class TaskEntityContext
{
    public abstract EntityInstanceId Id { get; }
    public virtual void SignalEntity(EntityInstanceId id, string operationName, SignalEntityOptions options) => throw Signature.Only;
    public abstract void SignalEntity(EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null);
    public virtual string ScheduleNewOrchestration(TaskName name, StartOrchestrationOptions options) => throw Signature.Only;
    public abstract string ScheduleNewOrchestration(TaskName name, object? input = null, StartOrchestrationOptions? options = null);
}

public abstract class TaskEntityOperation
{
    public abstract string Name { get; }
    public abstract TaskEntityContext Context { get; }
    public abstract TaskEntityState State { get; }
    public abstract bool HasInput { get; }
    public virtual T? GetInput<T>() => throw Signature.Only;
    public abstract object? GetInput(Type inputType);
    public override string ToString() => throw Signature.Only;
}

public abstract class TaskEntityState
{
    public abstract bool HasState { get; }
    public virtual T? GetState<T>(T? defaultValue = default) => throw Signature.Only;
    public abstract object? GetState(Type type);
    public abstract void SetState(object? state);
}

public abstract class TaskOrchestrationEntityFeature
{
    public abstract Task<TResult> CallEntityAsync<TResult>(EntityInstanceId id, string operationName, object? input = null, CallEntityOptions? options = null);
    public virtual Task<TResult> CallEntityAsync<TResult>(EntityInstanceId id, string operationName, CallEntityOptions? options) => throw Signature.Only;
    public abstract Task CallEntityAsync(EntityInstanceId id, string operationName, object? input = null, CallEntityOptions? options = null);
    public virtual Task CallEntityAsync(EntityInstanceId id, string operationName, CallEntityOptions? options) => throw Signature.Only;
    public abstract Task SignalEntityAsync(EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null);
    public virtual Task SignalEntityAsync(EntityInstanceId id, string operationName, SignalEntityOptions? options) => throw Signature.Only;
    public abstract Task<IAsyncDisposable> LockEntitiesAsync(IEnumerable<EntityInstanceId> entityIds);
    public virtual Task<IAsyncDisposable> LockEntitiesAsync(params EntityInstanceId[] entityIds) => throw Signature.Only;
    public abstract bool InCriticalSection([NotNullWhen(true)] out IReadOnlyList<EntityInstanceId>? entityIds);
    public virtual bool InCriticalSection() => throw Signature.Only;
}
