namespace SnapshotWorkflows.Durable.Entities;

/// <summary>The state of the entity whose operation runs. Kept with everything else that the operation did, or not at all.</summary>
public abstract class TaskEntityState
{
    public abstract bool HasState { get; }

    public virtual T? GetState<T>(T? defaultValue = default) => GetState(typeof(T)) is T state ? state : defaultValue;

    /// <returns>Null when there is none.</returns>
    public abstract object? GetState(Type type);

    /// <summary>Null removes the state: the entity does not exist any more.</summary>
    public abstract void SetState(object? state);
}
