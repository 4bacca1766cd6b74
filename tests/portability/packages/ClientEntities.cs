namespace Microsoft.DurableTask.Client.Entities;

public abstract class DurableEntityClient
{
    protected DurableEntityClient(string name) => throw Signature.Only;
    public string Name => throw Signature.Only;
    public abstract Task SignalEntityAsync(EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null, CancellationToken cancellation = default);
    public virtual Task SignalEntityAsync(EntityInstanceId id, string operationName, SignalEntityOptions options, CancellationToken cancellation = default) => throw Signature.Only;
    public virtual Task SignalEntityAsync(EntityInstanceId id, string operationName, CancellationToken cancellation) => throw Signature.Only;
    public abstract Task<EntityMetadata?> GetEntityAsync(EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default);
    public virtual Task<EntityMetadata?> GetEntityAsync(EntityInstanceId id, CancellationToken cancellation) => throw Signature.Only;
    public abstract Task<EntityMetadata<T>?> GetEntityAsync<T>(EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default);
    public virtual Task<EntityMetadata<T>?> GetEntityAsync<T>(EntityInstanceId id, CancellationToken cancellation) => throw Signature.Only;
    public abstract AsyncPageable<EntityMetadata> GetAllEntitiesAsync(EntityQuery? filter = null);
    public abstract AsyncPageable<EntityMetadata<T>> GetAllEntitiesAsync<T>(EntityQuery? filter = null);
    public abstract Task<CleanEntityStorageResult> CleanEntityStorageAsync(CleanEntityStorageRequest? request = null, bool continueUntilComplete = true, CancellationToken cancellation = default);
}

public class EntityMetadata<TState>(EntityInstanceId id)
{
    public EntityMetadata(EntityInstanceId id, TState? state) : this(id) => throw Signature.Only;
    public EntityInstanceId Id { get; } = id;
    public DateTimeOffset LastModifiedTime { get; init; }
    public int BacklogQueueSize { get; init; }
    public string? LockedBy { get; init; }
    public bool IncludesState { get; }
    public TState State => throw Signature.Only;
}

public sealed class EntityMetadata(EntityInstanceId id, SerializedData? state = null) : EntityMetadata<SerializedData>(id, state);

public record EntityQuery
{
    public const int DefaultPageSize = 100;
    public string? InstanceIdStartsWith { get; init; }
    public DateTimeOffset? LastModifiedFrom { get; init; }
    public DateTimeOffset? LastModifiedTo { get; init; }
    public bool IncludeState { get; init; }
    public bool IncludeTransient { get; init; }
    public int? PageSize { get; init; }
    public string? ContinuationToken { get; init; }
}

public readonly record struct CleanEntityStorageRequest
{
    public static CleanEntityStorageRequest Default => throw Signature.Only;
    public bool RemoveEmptyEntities { get; init; }
    public bool ReleaseOrphanedLocks { get; init; }
    public string? ContinuationToken { get; init; }
}

public readonly record struct CleanEntityStorageResult
{
    public int EmptyEntitiesRemoved { get; init; }
    public int OrphanedLocksReleased { get; init; }
    public string? ContinuationToken { get; init; }
}
