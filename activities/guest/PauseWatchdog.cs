using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>
/// Lets paused machines go on when their time is over, whatever has become of the service: a process of its own, which needs the settings of the pools, its folder, and nothing else.
/// </summary>
public sealed partial class PauseWatchdog(PauseArms arms, IXenServerPools pools, Marker marker, TimeProvider time, ILogger<PauseWatchdog> logger)
{
    private static readonly TimeSpan s_beat = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_again = TimeSpan.FromMilliseconds(500);

    /// <summary>Between two looks at a machine that runs and that a pause may still come to: soon enough for it to go on within 10 s.</summary>
    private static readonly TimeSpan s_whileItRuns = TimeSpan.FromSeconds(2);

    private readonly Dictionary<PauseArm, Task<bool>> _rescues = [];
    private IReadOnlyList<UnreadableArm> _unreadable = [];

    /// <summary>Watches until told to stop; arms that are due then are still served by the next watchdog.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(s_beat, time);
        do
        {
            try
            {
                _ = Look(stop);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // Without its folder it guards nothing: the beat stays out, so nothing is paused meanwhile.
                FolderFailed(logger, failure.Message);
            }
        }
        while (await WaitAsync(timer, stop));
    }

    /// <summary>One look: says what is guarded, and lets those go on whose time is over. A pool that does not answer holds up no other.</summary>
    /// <returns>The rescues that are under way.</returns>
    internal Task Look(CancellationToken stop)
    {
        var (armed, unreadable) = arms.Find();
        arms.Beat(armed);

        // Told once, and not at every look.
        foreach (var broken in unreadable.Except(_unreadable)) Unreadable(logger, broken.File, broken.Why);
        _unreadable = unreadable;
        foreach (var (arm, rescue) in _rescues.Where(pair => pair.Value.IsCompleted).ToList())
        {
            _rescues.Remove(arm);
            if (rescue is { IsCompletedSuccessfully: true, Result: true }) arms.Disarm(arm);
        }

        var now = time.GetUtcNow();
        foreach (var arm in armed.Where(arm => arm.ExpiresAt <= now && !_rescues.ContainsKey(arm))) _rescues[arm] = RescueAsync(arm, stop);
        return Task.WhenAll(_rescues.Values);
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken stop)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <returns>True once the machine is known not to be paused by this arm; false to try again.</returns>
    private async Task<bool> RescueAsync(PauseArm arm, CancellationToken stop)
    {
        try
        {
            var pool = pools.Get(arm.Pool);
            if (await pool.Vms.FindAsync(arm.VmUuid, stop) is not { } vm) return true;
            if (PauseMark.Of(vm) is not { } mark || mark.Installation != marker.Installation || mark.Marker != arm.Marker) return true;

            // Paused anew under the same marker meanwhile, which a later arm guards.
            if (mark.ExpiresAt > arm.ExpiresAt) return true;
            if (await GuestPause.FindSettledAsync(pool, vm, mark, time, stop) is not { } settled)
            {
                // Marked and running: the pause may still be on its way, or wait in its pool, so the guard stays.
                await Task.Delay(s_whileItRuns, time, stop);
                return false;
            }

            await GuestPause.EndAsync(pool, settled, stop);
            if (settled.PowerState == "Paused") Rescued(logger, vm.NameLabel, arm.Pool, arm.Marker);
            return true;
        }
        catch (Exception failure) when (!stop.IsCancellationRequested && failure is XenApiException or HttpRequestException or TimeoutException or KeyNotFoundException)
        {
            RescueFailed(logger, arm.VmUuid, arm.Pool, failure.Message);
            await Task.Delay(s_again, time, CancellationToken.None);
            return false;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(EventId = 3201, Level = LogLevel.Warning, Message = "Machine {Vm} of pool {Pool} was still paused at the end of its time, and goes on ({Marker})")]
    private static partial void Rescued(ILogger logger, string vm, string pool, string marker);

    [LoggerMessage(EventId = 3202, Level = LogLevel.Error, Message = "Machine {Vm} of pool {Pool} may be paused beyond its time and could not be reached, trying again: {Reason}")]
    private static partial void RescueFailed(ILogger logger, string vm, string pool, string reason);

    [LoggerMessage(EventId = 3203, Level = LogLevel.Error, Message = "The watchdog's folder cannot be used, so nothing is guarded: {Reason}")]
    private static partial void FolderFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 3204, Level = LogLevel.Error, Message = "{File} in the watchdog's folder cannot be read and is left there: the machine that it stands for is not guarded, all others are. {Reason}")]
    private static partial void Unreadable(ILogger logger, string file, string reason);
}
