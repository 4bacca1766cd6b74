using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Turns;

/// <summary>Critical sections that an execution has asked for and not given back, as its history tells: they are given back when it ends, whatever way it ends.</summary>
internal sealed class HeldLocks
{
    private EntityLockRequestedEvent? _request;
    private bool _granted;
    private readonly HashSet<string> _released = [];

    public void Record(HistoryEvent happened)
    {
        switch (happened)
        {
            case EntityLockRequestedEvent request:
                (_request, _granted) = (request, false);
                _released.Clear();
                break;
            case EntityLockGrantedEvent granted when granted.CriticalSectionId == _request?.CriticalSectionId:
                _granted = true;
                break;
            case EntityUnlockSentEvent unlock when unlock.CriticalSectionId == _request?.CriticalSectionId:
                _released.Add(unlock.TargetInstanceId);
                break;
        }
    }

    /// <summary>
    /// A granted section is given back to each entity at once. One that is still asked for is withdrawn along the way that the request went: by the order of messages between two
    /// senders the withdrawal never overtakes it.
    /// </summary>
    public IReadOnlyList<EntityUnlockSentEvent> Release(string instanceId, DateTime time)
    {
        if (_request is not { } request)
            return [];
        var targets = request.LockSet.Where(target => !_released.Contains(target)).ToArray();
        if (targets.Length == 0)
            return [];
        EntityUnlockSentEvent Unlock(string target, IReadOnlyList<string>? then) => new()
        {
            CriticalSectionId = request.CriticalSectionId, TargetInstanceId = target, ParentInstanceId = instanceId, Then = then, Timestamp = time,
        };
        return _granted ? [.. targets.Select(target => Unlock(target, null))] : [Unlock(targets[0], [.. targets.Skip(1)])];
    }

    public static OutgoingMessage Message(EntityUnlockSentEvent unlock) => new(unlock.TargetInstanceId, null, unlock);
}
