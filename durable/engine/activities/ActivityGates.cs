namespace SnapshotWorkflows.Durable.Engine.Activities;

/// <summary>Holds back attempts of activities that have a limit of their own. Owned by the dispatcher.</summary>
internal sealed class ActivityGates(IReadOnlyDictionary<string, ActivityLimit> limits)
{
    private readonly Dictionary<string, Gate> _gates = limits.ToDictionary(limit => limit.Key, limit => new Gate(limit.Value), StringComparer.OrdinalIgnoreCase);

    /// <summary>Attempts that are held back.</summary>
    public int Waiting { get; private set; }

    /// <param name="mayRun">False when the attempt is held back; <see cref="Release"/> hands it out later.</param>
    public void Enter(ActivityExecution execution, DateTimeOffset now, out bool mayRun)
    {
        var gate = _gates.GetValueOrDefault(execution.Claimed.Activity.Name);
        mayRun = gate is null || (gate.Queue.Count == 0 && gate.TryEnter(execution, now));
        if (mayRun)
            return;
        gate!.Queue.Enqueue(execution);
        execution.IsHeldBack = true;
        Waiting++;
    }

    /// <summary>The next attempt that was held back and may run now.</summary>
    public ActivityExecution? Release(DateTimeOffset now)
    {
        if (Waiting == 0)
            return null;
        foreach (var gate in _gates.Values)
        {
            if (gate.Queue.TryPeek(out var first) && (first.Abandoned || gate.TryEnter(first, now)))
            {
                Waiting--;
                first.IsHeldBack = false;
                return gate.Queue.Dequeue();
            }
        }
        return null;
    }

    public void Leave(ActivityExecution execution)
    {
        if (_gates.TryGetValue(execution.Claimed.Activity.Name, out var gate))
            gate.Inside.Remove(execution);
    }

    /// <summary>When a rate lets the next one through.</summary>
    public DateTimeOffset? NextRelease => Waiting == 0
        ? null
        : _gates.Values.Where(gate => gate.Queue.Count > 0 && gate.HasPlace).Select(gate => (DateTimeOffset?)gate.NextStart).Min();

    public IEnumerable<ActivityExecution> Clear()
    {
        var held = _gates.Values.SelectMany(gate => gate.Queue).ToArray();
        foreach (var gate in _gates.Values)
            gate.Queue.Clear();
        Waiting = 0;
        return held;
    }

    /// <summary>A leaky bucket: a start takes one share of the period; as many shares as may start in one period can be ahead of time.</summary>
    private sealed class Gate(ActivityLimit limit)
    {
        private DateTimeOffset _filledUntil = DateTimeOffset.MinValue;

        public Queue<ActivityExecution> Queue { get; } = [];

        public HashSet<ActivityExecution> Inside { get; } = [];

        public bool HasPlace => limit.MaxConcurrent is not { } most || Inside.Count < most;

        private TimeSpan Share => limit.MaxStarts is { } starts ? limit.Period / starts : TimeSpan.Zero;

        public DateTimeOffset NextStart => _filledUntil == DateTimeOffset.MinValue ? _filledUntil : _filledUntil - (limit.Period - Share);

        public bool TryEnter(ActivityExecution execution, DateTimeOffset now)
        {
            if (!HasPlace || NextStart > now)
                return false;
            if (limit.MaxStarts is not null)
                _filledUntil = (_filledUntil > now ? _filledUntil : now) + Share;
            Inside.Add(execution);
            return true;
        }
    }
}
