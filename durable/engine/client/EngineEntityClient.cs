using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Client;

internal sealed class EngineEntityClient(DurableEngine engine) : DurableEntityClient("default")
{
    public override async Task SignalEntityAsync(
        EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(operationName);
        var target = EntityIds.Check(id);
        var signal = new EntityOperationSignaledEvent
        {
            RequestId = engine.NewId(),
            TargetInstanceId = target,
            Operation = operationName,
            Input = engine.Converter.Serialize(input),
            ScheduledTime = options?.SignalTime?.UtcDateTime,
            Timestamp = engine.Time.GetUtcNow().UtcDateTime,
        };
        await engine.WriteAsync(new SendMessage(target, signal) { VisibleAt = options?.SignalTime }, cancellation);
    }

    public override async Task<EntityMetadata?> GetEntityAsync(EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default) =>
        await FindAsync(id, cancellation) is { } record ? Plain(record, includeState) : null;

    public override async Task<EntityMetadata<T>?> GetEntityAsync<T>(EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default) =>
        await FindAsync(id, cancellation) is { } record ? Typed<T>(record, includeState) : null;

    public override AsyncPageable<EntityMetadata> GetAllEntitiesAsync(EntityQuery? filter = null) => All(filter, record => Plain(record, filter?.IncludeState ?? true));

    public override AsyncPageable<EntityMetadata<T>> GetAllEntitiesAsync<T>(EntityQuery? filter = null) => All(filter, record => Typed<T>(record, filter?.IncludeState ?? true));

    public override async Task<CleanEntityStorageResult> CleanEntityStorageAsync(
        CleanEntityStorageRequest? request = null, bool continueUntilComplete = true, CancellationToken cancellation = default)
    {
        var asked = request ?? CleanEntityStorageRequest.Default;
        var hub = await engine.HubAsync(cancellation);
        var (removed, released, token) = (0, 0, asked.ContinuationToken);
        do
        {
            var page = await hub.QueryEntitiesAsync(new EntityQuery { IncludeTransient = true, IncludeState = true, ContinuationToken = token }, cancellation);
            foreach (var record in page.Values)
            {
                if (asked.ReleaseOrphanedLocks && EntityLock.Parse(record.LockedBy) is { } held && await IsOrphanAsync(hub, held, cancellation))
                {
                    var unlock = new EntityUnlockSentEvent
                    {
                        CriticalSectionId = held.SectionId, TargetInstanceId = record.InstanceId, ParentInstanceId = held.Owner, Timestamp = engine.Time.GetUtcNow().UtcDateTime,
                    };
                    await engine.WriteAsync(new SendMessage(record.InstanceId, unlock), cancellation);
                    released++;
                }
                else if (asked.RemoveEmptyEntities && record is { State: null, LockedBy: null, Backlog: 0 })
                {
                    removed += (await engine.WriteAsync(new PurgeInstance(record.InstanceId, Recursive: false), cancellation)).Count;
                }
            }
            token = page.ContinuationToken;
        }
        while (continueUntilComplete && token is not null);
        return new CleanEntityStorageResult { EmptyEntitiesRemoved = removed, OrphanedLocksReleased = released, ContinuationToken = token };
    }

    private static async Task<bool> IsOrphanAsync(ITaskHub hub, EntityLock held, CancellationToken cancellation) =>
        await hub.ReadInstanceAsync(held.Owner, withData: false, cancellation) is not { } owner || !InstanceIds.Live.Contains(owner.Status);

    /// <summary>An entity without state does not exist for its readers.</summary>
    private async Task<EntityRecord?> FindAsync(EntityInstanceId id, CancellationToken cancellation)
    {
        var target = EntityIds.Check(id);
        var hub = await engine.HubAsync(cancellation);
        return await hub.ReadEntityAsync(target, withState: true, cancellation) is { State: not null } record ? record : null;
    }

    private AsyncPageable<T> All<T>(EntityQuery? filter, Func<EntityRecord, T> read) where T : notnull
    {
        var query = filter ?? new EntityQuery();
        return Pageable.Create(async (token, size, cancellation) =>
        {
            var hub = await engine.HubAsync(cancellation);
            var page = await hub.QueryEntitiesAsync(query with { ContinuationToken = token ?? query.ContinuationToken, PageSize = size ?? query.PageSize }, cancellation);
            return new Page<T>([.. page.Values.Select(read)], page.ContinuationToken);
        });
    }

    private EntityMetadata Plain(EntityRecord record, bool withState) =>
        new(EntityInstanceId.FromString(record.InstanceId), withState && record.State is { } state ? new SerializedData(state, engine.Converter) : null)
        {
            LastModifiedTime = record.UpdatedAt, BacklogQueueSize = record.Backlog, LockedBy = EntityLock.Parse(record.LockedBy)?.Owner,
        };

    private EntityMetadata<T> Typed<T>(EntityRecord record, bool withState) =>
        new(EntityInstanceId.FromString(record.InstanceId), withState && record.State is { } state ? engine.Converter.Deserialize<T>(state) : default)
        {
            LastModifiedTime = record.UpdatedAt, BacklogQueueSize = record.Backlog, LockedBy = EntityLock.Parse(record.LockedBy)?.Owner,
        };
}
