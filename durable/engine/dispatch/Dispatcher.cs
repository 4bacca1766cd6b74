using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Diagnostics;
using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <summary>
/// Owns everything that is in memory, on one logical thread: takes inputs, runs the turns that are ready, commits them together, then lets out the work they scheduled.
/// </summary>
internal sealed partial class Dispatcher(
    ITaskHub hub, DurableTaskRegistry registry, HotInstances hot, HubCommitter committer, EngineInputs inputs, InstanceWaiters waiters,
    Func<ClaimedActivity, ExecutionStartedEvent?, ActivityExecution> newExecution, DurableEngineOptions options, IExceptionPropertiesProvider? properties, EngineMetrics metrics, TimeProvider time, ILogger logger)
{
    private const int LeastEndedBeforeTrim = 1000;

    private readonly Queue<string> _ready = [];
    private readonly HashSet<string> _isReady = [];
    private readonly PriorityQueue<string, (DateTimeOffset Due, long Order)> _wakes = new();
    private readonly Dictionary<string, List<PendingMessage>> _ends = [];
    private readonly Queue<WriteRequest> _requests = [];
    private readonly Queue<StoreCompletion> _completions = [];
    private readonly Queue<PendingClaim> _claims = [];
    private readonly HashSet<ActivityKey> _claiming = [];
    private readonly Queue<NoteReason> _notes = [];
    private readonly Queue<ActivityExecution> _runnable = [];
    private readonly Dictionary<ActivityKey, ActivityExecution> _running = [];
    private readonly HashSet<string> _ended = [];
    private readonly Queue<long> _readySince = [];
    private int _endedBeforeTrim = LeastEndedBeforeTrim;

    /// <summary>Instances whose latest turn was fenced off.</summary>
    private readonly HashSet<string> _fenced = new(StringComparer.Ordinal);

    /// <summary>Instances that are not in memory and have been sent something by other nodes: only the hub knows all of their inbox.</summary>
    private readonly HashSet<string> _unread = [];
    private readonly ActivityGates _gates = new(options.ActivityLimits);
    private long _oldestReady = long.MaxValue;
    private long _order;

    /// <summary>Commits fail through to the caller instead of being tried again: pump mode.</summary>
    public bool PropagateFailures { get; set; }

    /// <summary>No activity is begun any more.</summary>
    public bool Draining { get; set; }

    public int Running => _running.Count;

    /// <summary>When the next durable timer is due; wakes of timers that are gone are dropped on the way.</summary>
    public DateTimeOffset? NextWake()
    {
        var now = time.GetUtcNow();
        while (_wakes.TryPeek(out var instanceId, out var next))
        {
            if (EntityIds.IsEntity(instanceId))
                return Earlier(next.Due);
            if (!_ended.Contains(instanceId) && (hot.Find(instanceId) is not { } instance || instance.HasWork || instance.NextVisible(now) is { } visible && visible <= next.Due))
                return Earlier(next.Due);
            _wakes.Dequeue();
            if (hot.Find(instanceId) is not { } mistaken)
                continue;
            mistaken.NextWake = mistaken.NextVisible(now);
            if (mistaken.NextWake is { } later)
                _wakes.Enqueue(instanceId, (later, _order++));
        }
        return Earlier(null);
    }

    private DateTimeOffset? Earlier(DateTimeOffset? due) => new[] { due, _gates.NextRelease, _suspects.NextLook, _examinesAt }.Min();

    public int Ready => _isReady.Count;

    /// <summary>How long the turn that waits longest has waited, as of the latest transaction.</summary>
    public TimeSpan OldestReady => Volatile.Read(ref _oldestReady) is var since && since == long.MaxValue ? TimeSpan.Zero : time.GetUtcNow() - new DateTimeOffset(since, TimeSpan.Zero);

    public async Task RecoverAsync(CancellationToken cancellation)
    {
        var work = await hub.ReadPendingWorkAsync(cancellation);
        foreach (var (instanceId, due) in work.Wakes)
            Wake(instanceId, due);
        Examine(work.Wakes);
        foreach (var instanceId in work.Suspects)
            _suspects.Add(instanceId);
        foreach (var (key, name, attempts) in work.Activities)
        {
            if (!registry.HasActivity(name))
                NoteMissing(name, key.InstanceId);
            else
                Claim(new PendingClaim(new ClaimActivity(key), name, attempts));
        }
        if (work.Wakes.Count + work.Activities.Count > 0)
            logger.Recovered(work.Wakes.Count, work.Activities.Count);
    }

    /// <summary>One transaction's worth of work, from the first input to the last result: pump mode.</summary>
    /// <returns>False if there was nothing to do.</returns>
    public async Task<bool> StepAsync(CancellationToken cancellation)
    {
        Drain();
        await HeedClockAsync(cancellation);
        if (MayTry)
        {
            await TryNextAsync(cancellation);
            return true;
        }
        var batch = new List<Unit>();
        await GatherAsync(batch, cancellation);
        if (batch.Count == 0)
            return SuspectsWait;
        await CommitAsync(batch, cancellation);
        return true;
    }

    /// <summary>The next attempt to run, now that everything that scheduled it is committed.</summary>
    public ActivityExecution? TakeRunnable()
    {
        var now = time.GetUtcNow();
        while (!Draining && !_isCutOff)
        {
            if (_gates.Release(now) is { } execution)
            {
                if (Usable(execution))
                    return execution;
                continue;
            }
            if (!_runnable.TryDequeue(out execution))
                return null;
            if (!Usable(execution))
                continue;
            _gates.Enter(execution, now, out var mayRun);
            if (mayRun)
                return execution;
        }
        return null;
    }

    private bool Usable(ActivityExecution execution)
    {
        if (!execution.Abandoned)
            return true;
        if (_running.GetValueOrDefault(execution.Claimed.Activity.Key) == execution)
            _running.Remove(execution.Claimed.Activity.Key);
        _gates.Leave(execution);
        execution.Dispose();
        return false;
    }

    /// <summary>Attempts that wait for a free place.</summary>
    public int Waiting => _runnable.Count + _gates.Waiting + HandedOut();

    /// <summary>Attempts that were taken to be run and have not begun.</summary>
    public Func<int> HandedOut { get; set; } = () => 0;

    public void ShutDownActivities()
    {
        Draining = true;
        // What has not begun counts as no attempt; whoever comes next takes it.
        var released = new List<(ActivityKey Key, int Attempt)>();
        var begun = new List<ActivityExecution>();
        foreach (var (key, execution) in _running)
        {
            if (execution.TryRelease())
                released.Add((key, execution.Attempt));
            else
                begun.Add(execution);
        }
        // Only now: a place that comes free must find nothing that could still begin.
        foreach (var execution in begun)
            execution.ShutDown();
        foreach (var waiting in _runnable.Concat(_gates.Clear()))
        {
            _running.Remove(waiting.Claimed.Activity.Key);
            waiting.Dispose();
        }
        _runnable.Clear();
        if (released.Count > 0)
            _releases.Enqueue(new ReleaseActivities(released));
    }

    public void FailRequests(Exception reason)
    {
        Drain();
        while (_requests.TryDequeue(out var request))
            request.Done.TrySetException(reason);
    }

    private void Drain()
    {
        while (inputs.TryRead(out var input))
        {
            switch (input)
            {
                case Delivered delivered: Take(delivered.Message, isFresh: true); break;
                case AttemptEnded ended: Take(ended); break;
                case EntityBatchEnded ended: Take(ended); break;
                case Reopened reopened: Take(reopened); break;
                case WriteRequest request: _requests.Enqueue(request); break;
                case NewsArrived arrived: Take(arrived); break;
                case LeaseOver: LeaveCalls(); break;
                case Landed landed: _landed.Enqueue(landed); break;
            }
        }
    }

    /// <param name="isFresh">This process has just committed it: a start is then all that there is of its instance, which need not be loaded.</param>
    private void Take(InboxMessage message, bool isFresh)
    {
        var now = time.GetUtcNow();
        var due = hot.Misdated.DueAt(message, now);
        if (hot.Find(message.InstanceId) is { } instance)
        {
            instance.Deliver(message);
            if (due > now && !instance.Plan(due, now))
                return;
        }
        else if (_entities.TryGetValue(message.InstanceId, out var entity))
        {
            entity.Deliver(message);
            if (due > now && !entity.Plan(due, now))
                return;
        }
        else if (!isFresh)
            Unread(message.InstanceId);
        else if (message.Event is ExecutionStartedEvent start && due <= now && !_unread.Contains(message.InstanceId))
            hot.Begin(message, start);
        Wake(message.InstanceId, due);
    }

    private void Unread(string instanceId)
    {
        if (!EntityIds.IsEntity(instanceId))
            _unread.Add(instanceId);
    }

    private void Take(AttemptEnded ended)
    {
        var claimed = ended.Execution.Claimed;
        var key = claimed.Activity.Key;
        _suspects.End(key);
        if (_running.GetValueOrDefault(key) == ended.Execution)
            _running.Remove(key);
        _gates.Leave(ended.Execution);
        ended.Execution.Dispose();
        if (ended.End is not null)
            Ended(key.InstanceId, new PendingMessage(ended.End, key.ExecutionId, null, claimed.Attempt));
        else if (ended.Execution is { Interrupted: true, Abandoned: false, ShuttingDown: false })
            Claim(new PendingClaim(new ClaimActivity(key), claimed.Activity.Name, claimed.Attempt));
    }

    private void Ended(string instanceId, PendingMessage end)
    {
        // Its turn waits, and may never end: what the call came to is kept, or the call would run again after each death and run out of attempts.
        if (_suspects.Has(instanceId))
        {
            _completions.Enqueue(Completion(instanceId, end));
            return;
        }
        if (!_ends.TryGetValue(instanceId, out var ends))
            _ends[instanceId] = ends = [];
        ends.Add(end);
        MarkReady(instanceId);
    }

    private void Wake(string instanceId, DateTimeOffset due)
    {
        _ended.Remove(instanceId);
        if (due <= time.GetUtcNow())
            MarkReady(instanceId);
        else
            _wakes.Enqueue(instanceId, (due, _order++));
    }

    /// <summary>Wakes that are queued; of instances that have ended some are left.</summary>
    public int PlannedWakes => _wakes.Count;

    /// <summary>Timers may be years away: those of instances that have ended are not kept until then.</summary>
    private void TrimWakes()
    {
        if (_wakes.Count == 0)
            _ended.Clear();
        if (_ended.Count < _endedBeforeTrim)
            return;
        var live = _wakes.UnorderedItems.Where(wake => !_ended.Contains(wake.Element)).ToArray();
        _wakes.Clear();
        _wakes.EnqueueRange(live);
        _ended.Clear();
        _endedBeforeTrim = Math.Max(LeastEndedBeforeTrim, live.Length);
    }

    private void MarkReady(string instanceId)
    {
        if (!_isReady.Add(instanceId))
            return;
        _ready.Enqueue(instanceId);
        _readySince.Enqueue(time.GetUtcNow().UtcTicks);
    }
}
