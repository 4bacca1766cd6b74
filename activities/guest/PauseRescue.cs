using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.GuestSteps;

internal enum RescueOutcome
{
    /// <summary>Nothing is paused by the arm, and nothing will be.</summary>
    Over,

    /// <summary>The machine was paused, and goes on.</summary>
    LetGo,

    /// <summary>It runs, and a pause may still come to it.</summary>
    Later,
}

/// <summary>One try to let the machine of an arm go on. Two of them beside each other do no harm.</summary>
internal sealed class PauseRescue(Marker marker)
{
    public async Task<RescueOutcome> TryAsync(XenServerClient pool, GuardedPause pause, CancellationToken cancellation)
    {
        if (await pool.Vms.FindAsync(pause.Arm.VmUuid, cancellation) is not { } vm) return RescueOutcome.Over;
        if (PauseMark.Of(vm) is not { } mark)
        {
            if (vm.PowerState != "Paused" || !pause.IsArmed) return RescueOutcome.Over;

            // Armed, and paused without a mark: who ended the pause before it took this one's mark away. Nobody else would let it go.
            await pool.Vms.UnpauseAsync(vm.Ref, cancellation);
            return RescueOutcome.LetGo;
        }

        // Of another request or installation: whoever set it guards it.
        if (mark.Installation != marker.Installation || mark.Marker != pause.Arm.Marker) return RescueOutcome.Over;

        // Paused anew under the same marker, on another node perhaps, whose arm is not seen here: it has its time.
        if (mark.ExpiresAt != pause.Arm.ExpiresAt && !pause.IsOver(mark)) return RescueOutcome.Later;

        // Marked and running: the pause may still be on its way, or wait in its pool, so the guard stays.
        if (await GuestPause.FindSettledAsync(pool, vm, pause.Age, cancellation) is not { } settled) return RescueOutcome.Later;
        await GuestPause.EndAsync(pool, settled, mark, cancellation);
        return settled.PowerState == "Paused" ? RescueOutcome.LetGo : RescueOutcome.Over;
    }
}
