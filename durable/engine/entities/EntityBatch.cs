using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Entities;

/// <summary>
/// Messages of one entity, worked on in order, on a copy of its state. While a critical section holds the entity only its owner's calls run; the others keep their place.
/// </summary>
/// <param name="most">Operations and locks in one commit.</param>
internal sealed class EntityBatch(HotEntity entity, IReadOnlyList<InboxMessage> messages, int most)
{
    private readonly List<InboxMessage> _queue = [.. messages];
    private readonly List<long> _consumed = [];
    private EntityLock? _lock = entity.Lock;

    public HotEntity Entity => entity;

    public string InstanceId => entity.InstanceId;

    /// <summary>A suspect's: one operation and no more, so that a death tells which it was.</summary>
    public bool IsTrial { get; set; }

    public int Most => IsTrial ? 1 : most;

    /// <summary>An outcome of the entity was not taken by the hub: this one is written alone.</summary>
    public bool IsDoubtful { get; init; }

    /// <summary>Why its first operation fails without being run; null for any other batch.</summary>
    public string? Poison { get; set; }

    public EntityOutbox Outbox { get; } = new(entity.ExecutionId, entity.Revision);

    public int Count => _consumed.Count;

    /// <summary>The next call or signal; locks are taken and given back on the way.</summary>
    public InboxMessage? Next(DateTimeOffset now)
    {
        while (_queue.FindIndex(MayRun) is >= 0 and var index)
        {
            var message = _queue[index];
            _queue.RemoveAt(index);
            _consumed.Add(message.Sequence);
            switch (message.Event)
            {
                case EntityLockRequestedEvent request: Grant(request, now); break;
                case EntityUnlockSentEvent unlock: Release(unlock, now); break;
                case EntityOperationCalledEvent or EntityOperationSignaledEvent: return message;
            }
            // Anything else means nothing to an entity; its row goes.
        }
        return null;
    }

    public CommitEntity Commit(string? state, DateTimeOffset now) => new()
    {
        InstanceId = entity.InstanceId,
        ExecutionId = entity.ExecutionId,
        Revision = entity.Revision,
        At = now,
        State = state,
        LockedBy = _lock?.ToString(),
        ConsumedMessages = _consumed,
        Messages = Outbox.Messages,
        Starts = Outbox.Starts,
    };

    private bool MayRun(InboxMessage message) => message.Event switch
    {
        EntityUnlockSentEvent => true,
        EntityOperationCalledEvent call => _lock is null || _lock.Value.Owner == call.Parent.InstanceId,
        _ => _lock is null,
    };

    private void Grant(EntityLockRequestedEvent request, DateTimeOffset now)
    {
        _lock = new EntityLock(request.CriticalSectionId, request.Parent.InstanceId);
        var next = request.Position + 1;
        Outbox.Messages.Add(next < request.LockSet.Count
            ? new OutgoingMessage(request.LockSet[next], null, request with { Position = next, Timestamp = now.UtcDateTime })
            : new OutgoingMessage(request.Parent.InstanceId, request.Parent.ExecutionId, new EntityLockGrantedEvent
            {
                TaskScheduledId = request.EventId, CriticalSectionId = request.CriticalSectionId, Timestamp = now.UtcDateTime,
            }));
    }

    /// <summary>
    /// A request that is still queued here has gone no further: it is taken back and that is all. One that was granted here may wait, or be granted, behind: the withdrawal follows it.
    /// </summary>
    private void Release(EntityUnlockSentEvent unlock, DateTimeOffset now)
    {
        if (_lock is { } held && (unlock.CriticalSectionId == held.SectionId))
        {
            _lock = null;
            if (unlock.Then is { Count: > 0 } then)
                Outbox.Messages.Add(new OutgoingMessage(then[0], null, unlock with { TargetInstanceId = then[0], Then = [.. then.Skip(1)], Timestamp = now.UtcDateTime }));
            return;
        }
        var queued = _queue.FindIndex(message => message.Event is EntityLockRequestedEvent request && request.CriticalSectionId == unlock.CriticalSectionId);
        if (queued < 0)
            return;
        _consumed.Add(_queue[queued].Sequence);
        _queue.RemoveAt(queued);
    }
}
