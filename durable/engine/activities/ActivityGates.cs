namespace SnapshotWorkflows.Durable.Engine.Activities;

/// <summary>Holds back attempts of activities that have a limit of their own, and claims of calls that were left behind. Owned by the dispatcher.</summary>
internal sealed class ActivityGates(IReadOnlyDictionary<string, ActivityLimit> limits)
{
    private readonly Dictionary<string, Gate> _gates = limits.ToDictionary(limit => limit.Key, limit => new Gate(limit.Value), StringComparer.OrdinalIgnoreCase);
    private int _held;

    /// <summary>Attempts that are held back.</summary>
    public int Waiting { get; private set; }

    /// <param name="mayRun">False when the attempt is held back; <see cref="Release"/> hands it out later.</param>
    public void Enter(ActivityExecution execution, DateTimeOffset now, out bool mayRun)
    {
        var gate = Find(execution.Claimed.Activity.Name);
        mayRun = gate is null || gate.Inside.Contains(execution) || (gate.Queue.Count == 0 && gate.TryEnter(execution, now));
        if (mayRun)
            return;
        gate!.Queue.Enqueue(execution);
        execution.IsHeldBack = true;
        Waiting++;
    }

    /// <summary>A call waits in line with the attempts.</summary>
    /// <returns>False when its activity has no limit.</returns>
    public bool Hold(PendingClaim claim)
    {
        if (Find(claim.Name) is not { } gate)
            return false;
        gate.Queue.Enqueue(claim);
        _held++;
        return true;
    }

    /// <summary>The next attempt that was held back and may run now.</summary>
    public ActivityExecution? Release(DateTimeOffset now)
    {
        if (Waiting == 0)
            return null;
        foreach (var gate in _gates.Values)
        {
            if (gate.Queue.TryPeek(out var first) && first is ActivityExecution execution && (execution.Abandoned || gate.TryEnter(execution, now)))
            {
                Waiting--;
                execution.IsHeldBack = false;
                gate.Queue.Dequeue();
                return execution;
            }
        }
        return null;
    }

    /// <summary>The next call that was held back and may be claimed now; its place is kept until <see cref="Exchange"/> or <see cref="Leave(PendingClaim)"/>.</summary>
    public PendingClaim? Admit(DateTimeOffset now)
    {
        if (_held == 0)
            return null;
        foreach (var gate in _gates.Values)
        {
            if (gate.Queue.TryPeek(out var first) && first is PendingClaim claim && gate.TryEnter(claim, now))
            {
                _held--;
                gate.Queue.Dequeue();
                return claim;
            }
        }
        return null;
    }

    /// <summary>The call was claimed: its attempt has the place that was kept.</summary>
    public void Exchange(PendingClaim claim, ActivityExecution execution)
    {
        if (Find(claim.Name) is { } gate && gate.Inside.Remove(claim))
            gate.Inside.Add(execution);
    }

    public void Leave(ActivityExecution execution) => Find(execution.Claimed.Activity.Name)?.Inside.Remove(execution);

    public void Leave(PendingClaim claim) => Find(claim.Name)?.Inside.Remove(claim);

    /// <summary>When a rate lets the next one through.</summary>
    public DateTimeOffset? NextRelease => Waiting + _held == 0
        ? null
        : _gates.Values.Where(gate => gate.Queue.Count > 0 && gate.HasPlace).Select(gate => (DateTimeOffset?)gate.NextStart).Min();

    /// <summary>The clock was set back by so much: starts that were counted stay as near as they were.</summary>
    public void SetBack(TimeSpan by)
    {
        foreach (var gate in _gates.Values)
            gate.SetBack(by);
    }

    /// <returns>The attempts that were held back.</returns>
    public IEnumerable<ActivityExecution> Clear()
    {
        var held = _gates.Values.SelectMany(gate => gate.Queue).OfType<ActivityExecution>().ToArray();
        foreach (var gate in _gates.Values)
            gate.Queue.Clear();
        (Waiting, _held) = (0, 0);
        return held;
    }

    private Gate? Find(string activity) => _gates.GetValueOrDefault(activity);

    /// <summary>A leaky bucket: a start takes one share of the period; as many shares as may start in one period can be ahead of time.</summary>
    private sealed class Gate(ActivityLimit limit)
    {
        private DateTimeOffset _filledUntil = DateTimeOffset.MinValue;

        /// <summary>Attempts, and calls that are still to be claimed.</summary>
        public Queue<object> Queue { get; } = [];

        public HashSet<object> Inside { get; } = new(ReferenceEqualityComparer.Instance);

        public bool HasPlace => limit.MaxConcurrent is not { } most || Inside.Count < most;

        private TimeSpan Share => limit.MaxStarts is { } starts ? limit.Period / starts : TimeSpan.Zero;

        public DateTimeOffset NextStart => _filledUntil == DateTimeOffset.MinValue ? _filledUntil : _filledUntil - (limit.Period - Share);

        public void SetBack(TimeSpan by)
        {
            if (_filledUntil != DateTimeOffset.MinValue)
                _filledUntil -= by;
        }

        public bool TryEnter(object who, DateTimeOffset now)
        {
            if (!HasPlace || NextStart > now)
                return false;
            if (limit.MaxStarts is not null)
                _filledUntil = (_filledUntil > now ? _filledUntil : now) + Share;
            Inside.Add(who);
            return true;
        }
    }
}
