using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.App.Readiness;

/// <summary>Whether somebody guards pauses. Without a watchdog only <c>pause</c> is refused, and everything else is backed up.</summary>
internal static class WatchdogCheck
{
    public static ReadinessFinding Of(PauseArms arms)
    {
        ArgumentNullException.ThrowIfNull(arms);
        return (arms.IsGuarded
            ? new ReadinessFinding("watchdog", Ready: true, "guards pauses", Mend: null)
            : new ReadinessFinding(
                "watchdog", Ready: false, "not seen",
                "No watchdog has beaten for 2 s, so 'pause' is refused: run `SnapshotWorkflows.App watchdog` beside the service, with the same settings.")) with { IsAdvice = true };
    }
}
