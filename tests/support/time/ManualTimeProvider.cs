namespace SnapshotWorkflows.Tests.Support.Time;

/// <summary>A clock that moves only when told. Timers fire on the thread that moves it, in the order in which they are due.</summary>
public sealed class ManualTimeProvider(DateTimeOffset? start = null) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private TimeSpan _jumped;
    private TaskCompletionSource _armed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _order;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>When the earliest armed timer is due; null if none is.</summary>
    public DateTimeOffset? NextTimer
    {
        get
        {
            lock (_gate)
                return Earliest()?.Due;
        }
    }

    /// <summary>Ends when a timer is armed from now on, on whatever thread.</summary>
    public Task NextArmed
    {
        get
        {
            lock (_gate)
                return _armed.Task;
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now;
    }

    public override long GetTimestamp()
    {
        lock (_gate)
            return (_now - _jumped).UtcTicks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>The clock is set, forward as after a sleep of the machine or back: timers and timestamps count by themselves, and are due no sooner and no later.</summary>
    public void Jump(TimeSpan by)
    {
        lock (_gate)
        {
            _now += by;
            _jumped += by;
            foreach (var timer in _timers)
                timer.Due += by;
        }
    }

    public void Advance(TimeSpan by) => AdvanceTo(GetUtcNow() + by);

    public void AdvanceTo(DateTimeOffset instant)
    {
        while (true)
        {
            ManualTimer due;
            lock (_gate)
            {
                if (Earliest() is not { } next || next.Due > instant)
                {
                    if (instant > _now)
                        _now = instant;
                    return;
                }
                if (next.Due > _now)
                    _now = next.Due!.Value;
                due = next;
                due.Due = due.Period > TimeSpan.Zero ? _now + due.Period : null;
                if (due.Due is null)
                    _timers.Remove(due);
            }
            due.Fire();
        }
    }

    /// <returns>False if no timer is armed.</returns>
    public bool AdvanceToNextTimer()
    {
        if (NextTimer is not { } next)
            return false;
        AdvanceTo(next);
        return true;
    }

    private ManualTimer? Earliest() => _timers.MinBy(timer => (timer.Due, timer.Order));

    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset? Due { get; set; }

        public TimeSpan Period { get; private set; }

        public long Order { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                owner._timers.Remove(this);
                Period = period;
                Order = owner._order++;
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : owner._now + dueTime;
                if (Due is not null)
                {
                    owner._timers.Add(this);
                    owner._armed.SetResult();
                    owner._armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
            return true;
        }

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
