using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Entities;

namespace SnapshotWorkflows.Functions.Worker;

/// <summary>Binds a parameter of a function that is an entity; the name of the entity is the function's unless it is given.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class EntityTriggerAttribute : Attribute
{
    public string? EntityName { get; set; }
}

/// <summary>Runs the operation that an [EntityTrigger] function was called for. Call one of the methods, once.</summary>
public sealed class TaskEntityDispatcher
{
    private readonly TaskEntityOperation _operation;
    private readonly IServiceProvider _services;

    internal TaskEntityDispatcher(TaskEntityOperation operation, IServiceProvider services)
    {
        _operation = operation;
        _services = services;
    }

    internal bool HasDispatched { get; private set; }

    internal object? Result { get; private set; }

    public async Task DispatchAsync(ITaskEntity entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        if (HasDispatched)
            throw new InvalidOperationException("The operation has been dispatched already.");
        HasDispatched = true;
        Result = await entity.RunAsync(_operation);
    }

    /// <typeparam name="T">An entity, made with services of the call; or a plain class that is its own state, whose public methods are the operations.</typeparam>
    public Task DispatchAsync<T>() => typeof(ITaskEntity).IsAssignableFrom(typeof(T))
        ? DispatchAsync((ITaskEntity)(object)ActivatorUtilities.GetServiceOrCreateInstance<T>(_services)!)
        : DispatchAsync(new StateEntity<T>());

    public Task DispatchAsync(Func<TaskEntityOperation, ValueTask<object?>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return DispatchAsync(new DelegateEntity(handler));
    }

    private sealed class StateEntity<T> : TaskEntity<T>
    {
        protected override bool AllowStateDispatch => true;
    }

    private sealed class DelegateEntity(Func<TaskEntityOperation, ValueTask<object?>> handler) : ITaskEntity
    {
        public ValueTask<object?> RunAsync(TaskEntityOperation operation) => handler(operation);
    }
}
