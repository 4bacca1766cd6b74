using System.Globalization;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>
/// The time of the appliances: the real one, and what was skipped of it at the control address, so that an array's eight hours or a
/// schedule's month pass at once. What was skipped stays skipped after a restart.
/// </summary>
internal sealed class WorldClock : TimeProvider
{
    private const string Table = "world";
    private const string Key = "skipped";

    private readonly TimeProvider _real;
    private readonly IStateStore _state;
    private long _skippedTicks;

    public WorldClock(TimeProvider real, IStateStore state)
    {
        (_real, _state) = (real, state);
        _skippedTicks = state.Load(Table).TryGetValue(Key, out var ticks) ? long.Parse(ticks, CultureInfo.InvariantCulture) : 0;
    }

    public override DateTimeOffset GetUtcNow() => _real.GetUtcNow().AddTicks(Volatile.Read(ref _skippedTicks));

    public override long GetTimestamp() => _real.GetTimestamp();

    public override long TimestampFrequency => _real.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => _real.CreateTimer(callback, state, dueTime, period);

    public void Skip(TimeSpan time)
    {
        var ticks = Interlocked.Add(ref _skippedTicks, time.Ticks);
        _state.Save([new StateChange(Table, Key, ticks.ToString(CultureInfo.InvariantCulture))]);
    }
}
