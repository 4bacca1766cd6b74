using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Entities;

/// <summary>An entity in memory: its state and its inbox. Owned by the dispatcher; a batch works on a copy.</summary>
internal sealed class HotEntity(InstanceSnapshot snapshot)
{
    private readonly List<InboxMessage> _inbox = [];
    private readonly SeenSequences _seen = new();

    public string InstanceId => snapshot.InstanceId;

    public string ExecutionId => snapshot.ExecutionId;

    public string Name => snapshot.Name;

    public long Revision { get; private set; } = snapshot.Revision;

    public string? State { get; private set; } = snapshot.EntityState;

    public EntityLock? Lock { get; private set; } = EntityLock.Parse(snapshot.LockedBy);

    /// <summary>A batch runs or is being committed; what arrives waits for the next.</summary>
    public bool IsBusy { get; set; }

    /// <summary>The hub may hold more of it: it is read again when its batch is over.</summary>
    public bool IsStale { get; set; }

    public bool IsIdle => !IsBusy && _inbox.Count == 0;

    /// <summary>The wake that is queued for the next row that becomes visible.</summary>
    public DateTimeOffset? NextWake { get; set; }

    /// <summary>Least recently used goes first.</summary>
    public long LastUsed { get; set; }

    /// <summary>Takes a delivered row once, however often it is told of it.</summary>
    public void Deliver(InboxMessage message)
    {
        if (_seen.Add(message.Sequence))
            _inbox.Add(message);
    }

    /// <summary>What may be worked on now, in order of arrival: numbers of several nodes rise each by itself.</summary>
    public List<InboxMessage> Visible(DateTimeOffset now) => [.. _inbox.Where(message => message.DueAt <= now).OrderBy(message => message.VisibleAt).ThenBy(message => message.Sequence)];

    public DateTimeOffset? NextVisible(DateTimeOffset now) =>
        _inbox.Where(message => message.DueAt > now).Select(message => (DateTimeOffset?)message.DueAt).Min();

    /// <returns>False when a wake is queued that comes no later.</returns>
    public bool Plan(DateTimeOffset due, DateTimeOffset now)
    {
        if (NextWake is { } planned && planned > now && planned <= due)
            return false;
        NextWake = due;
        return true;
    }

    public void Applied(CommitEntity commit)
    {
        Revision++;
        State = commit.State;
        Lock = EntityLock.Parse(commit.LockedBy);
        var consumed = commit.ConsumedMessages.ToHashSet();
        _inbox.RemoveAll(message => consumed.Contains(message.Sequence));
        _seen.Consumed(commit.ConsumedMessages);
    }

    /// <summary>Whether one of the messages could be worked on as things stand.</summary>
    public bool HasWork(IEnumerable<InboxMessage> visible) => Lock is not { } held
        ? visible.Any()
        : visible.Any(message => message.Event is EntityUnlockSentEvent || (message.Event is EntityOperationCalledEvent call && call.Parent.InstanceId == held.Owner));
}
