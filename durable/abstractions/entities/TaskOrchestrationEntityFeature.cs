using System.Diagnostics.CodeAnalysis;

namespace SnapshotWorkflows.Durable.Entities;

/// <summary>Entities, as an orchestrator uses them.</summary>
public abstract class TaskOrchestrationEntityFeature
{
    /// <summary>Calls an entity and waits for the answer. In a critical section only entities of it may be called, each once at a time.</summary>
    /// <exception cref="EntityOperationFailedException">The operation has thrown, or there is none of that name.</exception>
    public abstract Task<TResult> CallEntityAsync<TResult>(EntityInstanceId id, string operationName, object? input = null, CallEntityOptions? options = null);

    public virtual Task<TResult> CallEntityAsync<TResult>(EntityInstanceId id, string operationName, CallEntityOptions? options) =>
        CallEntityAsync<TResult>(id, operationName, null, options);

    public abstract Task CallEntityAsync(EntityInstanceId id, string operationName, object? input = null, CallEntityOptions? options = null);

    public virtual Task CallEntityAsync(EntityInstanceId id, string operationName, CallEntityOptions? options) => CallEntityAsync(id, operationName, null, options);

    /// <summary>Tells an entity to do something; sent when the turn is committed.</summary>
    public abstract Task SignalEntityAsync(EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null);

    public virtual Task SignalEntityAsync(EntityInstanceId id, string operationName, SignalEntityOptions? options) => SignalEntityAsync(id, operationName, null, options);

    /// <summary>
    /// Begins a critical section: until the result is disposed, or the orchestration ends, the entities serve this orchestration alone. In it no child orchestration may be
    /// called, no further section begun, and no locked entity signalled.
    /// </summary>
    /// <exception cref="ArgumentException">No entity is named.</exception>
    /// <exception cref="InvalidOperationException">There is a critical section already.</exception>
    public abstract Task<IAsyncDisposable> LockEntitiesAsync(IEnumerable<EntityInstanceId> entityIds);

    public virtual Task<IAsyncDisposable> LockEntitiesAsync(params EntityInstanceId[] entityIds) => LockEntitiesAsync((IEnumerable<EntityInstanceId>)entityIds);

    /// <param name="entityIds">The entities of the section.</param>
    public abstract bool InCriticalSection([NotNullWhen(true)] out IReadOnlyList<EntityInstanceId>? entityIds);

    public virtual bool InCriticalSection() => InCriticalSection(out _);
}
