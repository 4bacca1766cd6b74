namespace SnapshotWorkflows.Durable.Engine;

/// <summary>The only mover of a test's clock in pump mode.</summary>
public interface IClockDriver
{
    /// <summary>When the clock's own earliest timer is due; null if none is armed.</summary>
    DateTimeOffset? NextTimer { get; }

    /// <summary>Moves the clock, firing the timers on the way.</summary>
    void AdvanceTo(DateTimeOffset instant);
}

/// <summary>A driver made of two functions of a manual clock.</summary>
public sealed class ClockDriver(Func<DateTimeOffset?> nextTimer, Action<DateTimeOffset> advanceTo) : IClockDriver
{
    public DateTimeOffset? NextTimer => nextTimer();

    public void AdvanceTo(DateTimeOffset instant) => advanceTo(instant);
}
