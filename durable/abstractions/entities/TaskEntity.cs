namespace SnapshotWorkflows.Durable.Entities;

/// <summary>An entity as the engine sees it: a small durable state with operations that run one after another. Derive from <see cref="TaskEntity{TState}"/>.</summary>
public interface ITaskEntity
{
    /// <summary>Runs one operation. What it throws undoes this operation alone.</summary>
    ValueTask<object?> RunAsync(TaskEntityOperation operation);
}

/// <summary>
/// An entity whose operations are its public methods, found by name without regard to case: none or one input, and a <see cref="TaskEntityContext"/> if wanted; they may
/// return a value, a task or a value task. <c>delete</c> is there without a method: it removes the state, as setting <see cref="State"/> to null does.
/// </summary>
public abstract class TaskEntity<TState> : ITaskEntity
{
    /// <summary>Whether an operation that the entity has no method for is looked for on its state.</summary>
    protected virtual bool AllowStateDispatch => false;

    /// <summary>Kept when the operation has returned.</summary>
    protected TState State { get; set; } = default!;

    protected TaskEntityContext Context { get; private set; } = null!;

    /// <exception cref="NotSupportedException">There is no such operation.</exception>
    public async ValueTask<object?> RunAsync(TaskEntityOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        Context = operation.Context;
        State = operation.State.GetState(typeof(TState)) is TState state ? state : InitializeState(operation);
        object? target = EntityMethod.Find(this, operation.Name) is not null ? this : AllowStateDispatch ? State ?? throw NoState() : null;
        if (target is not null && EntityMethod.Find(target, operation.Name) is { } method)
        {
            var result = await EntityMethod.InvokeAsync(target, method, operation);
            operation.State.SetState(State);
            return result;
        }
        if (!string.Equals(operation.Name, "delete", StringComparison.OrdinalIgnoreCase))
            throw new NotSupportedException($"The entity has no operation '{operation}'.");
        operation.State.SetState(null);
        return null;
    }

    /// <summary>The state of an entity that has none yet; by default made with the parameterless constructor.</summary>
    protected virtual TState InitializeState(TaskEntityOperation entityOperation) =>
        (TState)Activator.CreateInstance(Nullable.GetUnderlyingType(typeof(TState)) ?? typeof(TState))!;

    private static InvalidOperationException NoState() => new("The operation is looked for on the entity's state, which is null.");
}
