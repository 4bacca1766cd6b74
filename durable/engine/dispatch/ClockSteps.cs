using SnapshotWorkflows.Durable.Engine.Turns;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <summary>Notices by the monotonic clock that the other one was set.</summary>
internal sealed class ClockSteps(TimeProvider time)
{
    private DateTimeOffset _time = time.GetUtcNow();
    private long _timestamp = time.GetTimestamp();

    /// <returns>By how much it was set back since the last step; null when it was not, or by no more than clocks differ anyway.</returns>
    public TimeSpan? SetBack(DateTimeOffset now)
    {
        var behind = _time + time.GetElapsedTime(_timestamp) - now;
        if (behind.Duration() <= MisdatedTimers.Tolerance)
            return null;
        (_time, _timestamp) = (now, time.GetTimestamp());
        return behind > TimeSpan.Zero ? behind : null;
    }
}
