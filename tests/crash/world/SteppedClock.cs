using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>Moves a clock on for code that waits by it beside calls that take real time.</summary>
internal static class SteppedClock
{
    /// <summary>From timer to timer until the task has ended. Nothing is moved while it waits for a call: a clock that ran ahead of that would be past its deadline.</summary>
    /// <param name="within">A timer that is due later is a deadline, and not waited for.</param>
    /// <param name="before">Done before each move.</param>
    public static async Task StepUntilAsync(this ManualTimeProvider clock, Task task, TimeSpan within, Action before)
    {
        while (true)
        {
            var armed = clock.NextArmed;
            if (task.IsCompleted) return;
            if (clock.NextTimer is { } next && next - clock.GetUtcNow() <= within)
            {
                before();
                clock.AdvanceTo(next);
            }
            else
            {
                await Task.WhenAny(task, armed);
            }
        }
    }
}
