using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <content>What comes from the other nodes of a shared hub.</content>
internal sealed partial class Dispatcher
{
    /// <summary>Short calls never wait so long; those that last hours do.</summary>
    private static readonly TimeSpan s_longWait = TimeSpan.FromSeconds(1);

    private readonly Queue<ReleaseActivities> _releases = [];

    /// <summary>Calls that seemed to have nobody at the look before, and their attempts.</summary>
    private readonly Dictionary<ActivityKey, int> _orphans = [];
    private int _peers;
    private bool _isCutOff;

    private void Take(NewsArrived arrived)
    {
        var news = arrived.News;
        _isCutOff = false;
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
        Examine(news.Wakes.Concat(news.Doubtful));
        foreach (var message in news.Messages)
            Take(message, isFresh: false);
        foreach (var instanceId in news.Unreadable)
        {
            Forget(instanceId);
            MarkReady(instanceId);
        }
        foreach (var (instanceId, due) in news.Doubtful)
        {
            Forget(instanceId);
            Wake(instanceId, due);
        }
        foreach (var (key, name, attempts) in news.Activities)
        {
            if (!Draining && !_running.ContainsKey(key))
                Claim(new PendingClaim(new ClaimActivity(key) { OnlyIfFree = true }, name, attempts));
        }
        if (news.Held is { } held)
        {
            Compare(held, news.AskedAt);
            // Looks that somebody asked for may follow each other within a millisecond, in which a call that has just ended still seems to have nobody.
            if (news.Peers is not null || news.IsDoubtful)
                Adopt(held, news.IsDoubtful);
        }
    }

    /// <summary>It is read again when its turn comes: the hub may hold more of it than memory does.</summary>
    private void Forget(string instanceId)
    {
        if (hot.Find(instanceId) is { } instance)
        {
            hot.Remove(instance);
            waiters.Forget(instanceId);
            KeepEnds(instance);
        }
        else if (_entities.TryGetValue(instanceId, out var entity) && !entity.IsBusy)
        {
            _entities.Remove(instanceId);
        }
        else if (entity is not null)
        {
            entity.IsStale = true;
        }
    }

    /// <summary>
    /// The others may run this node's calls by now: it stops its own and begins no more until the hub answers. What succeeds all the same counts if nobody was faster; the rest is asked for
    /// again. Alone, nobody could have taken anything over, and hours of work outlive the server's absence.
    /// </summary>
    private void LeaveCalls()
    {
        if (Draining)
            return;
        if (_peers == 0)
        {
            logger.Alone(_running.Count);
            return;
        }
        _isCutOff = true;
        logger.CutOff(_running.Count);
        foreach (var execution in _running.Values)
        {
            if (execution.HasBegun && !execution.IsUnwanted)
                execution.Interrupt();
        }
    }

    /// <summary>
    /// Calls that are this node's by the hub's rows and that nobody runs: the commit that let them out was made, and nobody was told. What just begins or has just ended looks the same,
    /// so only a call that is found so at two looks is run.
    /// </summary>
    private void Adopt(IReadOnlyList<HeldActivity> held, bool isDoubtful)
    {
        if (!isDoubtful && _orphans.Count == 0)
            return;
        var former = _orphans.ToDictionary();
        _orphans.Clear();
        foreach (var row in held)
        {
            if (_running.ContainsKey(row.Key) || _claiming.Contains(row.Key))
                continue;
            if (former.TryGetValue(row.Key, out var attempt) && attempt == row.Attempt && !Draining)
                Claim(new PendingClaim(new ClaimActivity(row.Key), row.Name, row.Attempt));
            else if (isDoubtful)
                _orphans[row.Key] = row.Attempt;
        }
    }

    /// <summary>
    /// The others took this node for dead: what is in memory is theirs now, but for what it has begun under its new number before it heard of that. The hub tells which: ends of calls count
    /// there by their attempts, and calls that are not this node's by its rows are abandoned once these have been compared.
    /// </summary>
    private void LoseEverything()
    {
        foreach (var instance in hot.All)
            KeepEnds(instance);
        foreach (var (instanceId, ends) in _ends)
        {
            foreach (var end in ends)
                _completions.Enqueue(Completion(instanceId, end));
        }
        hot.Clear();
        _suspects.Clear();
        waiters.ForgetAll();
        _entities.Clear();
        _ends.Clear();
        _orphans.Clear();
        _fenced.Clear();
    }

    /// <summary>A call that is no longer ours by the hub's rows was taken over, or nobody waits for it any more.</summary>
    private void Compare(IReadOnlyList<HeldActivity> held, long askedAt)
    {
        var rows = held.ToDictionary(row => row.Key);
        foreach (var (key, execution) in _running)
        {
            if (execution.TakenAt >= askedAt || execution.Abandoned)
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
        if (peers != _peers)
            logger.Peers(peers);
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
