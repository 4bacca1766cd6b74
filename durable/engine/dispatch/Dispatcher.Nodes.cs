using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <content>What comes from the other nodes of a shared hub.</content>
internal sealed partial class Dispatcher
{
    /// <summary>Short calls never wait so long; those that last hours do.</summary>
    private static readonly TimeSpan s_longWait = TimeSpan.FromSeconds(1);

    private readonly Queue<ReleaseActivities> _releases = [];
    private int _peers;
    private long _begun;

    /// <summary>Attempts begun so far; may be read from any thread.</summary>
    public long Begun => Interlocked.Read(ref _begun);

    private void Take(NewsArrived arrived)
    {
        var news = arrived.News;
        if (news.Rejoined)
            LoseEverything();
        foreach (var instanceId in news.Suspects)
            _suspects.Add(instanceId);
        if (news.Peers is { } peers)
            Share(peers);
        foreach (var (instanceId, due) in news.Wakes)
        {
            Unread(instanceId);
            Wake(instanceId, due);
        }
        foreach (var message in news.Messages)
            Take(message, isFresh: false);
        foreach (var instanceId in news.Unreadable)
        {
            if (hot.Find(instanceId) is { } instance)
                hot.Remove(instance);
            MarkReady(instanceId);
        }
        foreach (var (key, name, attempts) in news.Activities)
        {
            if (!Draining && !_running.ContainsKey(key))
                Claim(new PendingClaim(new ClaimActivity(key) { OnlyIfFree = true }, name, attempts));
        }
        if (news.Held is { } held)
            Compare(held, arrived.Begun);
    }

    /// <summary>The others took this node for dead: what is in memory is theirs now. Activities hear it by their tokens; their ends no longer count.</summary>
    private void LoseEverything()
    {
        hot.Clear();
        _suspects.Clear();
        waiters.ForgetAll();
        _entities.Clear();
        _ends.Clear();
        foreach (var execution in _running.Values)
            execution.Abandon();
    }

    /// <summary>A call that is no longer ours by the hub's rows was taken over, or nobody waits for it any more.</summary>
    private void Compare(IReadOnlyList<HeldActivity> held, long begun)
    {
        var rows = held.ToDictionary(row => row.Key);
        foreach (var (key, execution) in _running)
        {
            if (execution.Number > begun || execution.Abandoned)
                continue;
            if (rows.GetValueOrDefault(key) is not { } row || row.Attempt != execution.Attempt)
                execution.Abandon();
            else if (row.CancelRequested)
                execution.RequestCancel();
        }
    }

    /// <summary>Calls that wait here for a free place while other nodes may have one are given back; whoever has one takes them.</summary>
    private void Share(int peers)
    {
        _peers = peers;
        if (peers == 0)
            return;
        var surplus = _running.Count - _gates.Waiting - options.MaxConcurrentActivities;
        var before = time.GetUtcNow() - s_longWait;
        var released = new List<(ActivityKey Key, int Attempt)>();
        foreach (var (key, execution) in _running)
        {
            if (released.Count >= surplus)
                break;
            if (execution.ClaimedAt <= before && !execution.IsHeldBack && execution.TryRelease())
                released.Add((key, execution.Attempt));
        }
        if (released.Count > 0)
            _releases.Enqueue(new ReleaseActivities(released));
    }
}
