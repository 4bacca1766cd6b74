using Microsoft.Extensions.Options;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>Pauses a machine by its hypervisor and lets it go on, with the watchdog armed before the first and a proof, at the second, that one pause had lasted.</summary>
public sealed class GuestPause(IXenServerPools pools, PauseArms arms, Marker marker, IOptions<PauseOptions> options, TimeProvider time)
{
    /// <summary>Pauses. What an earlier attempt under this marker left is ended first: nobody knows whether it had lasted.</summary>
    public async Task<FreezeReceipt> FreezeAsync(FreezeInput input, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (!options.Value.HighAvailabilityIsOff)
        {
            throw Refusal(
                "quiesce.pause-not-allowed", FaultKind.Rejected, "Pausing machines is not allowed by the settings.",
                "Set Quiesce:Pause:HighAvailabilityIsOff once CloudStack's high availability is off for these machines, or ask for another quiesce mode.");
        }

        var (pool, vm) = await FindAsync(input, cancellation);
        if (PauseMark.Of(vm) is { } left)
        {
            if (left.Installation != marker.Installation || (left.Marker != input.Marker && left.ExpiresAt > time.GetUtcNow()))
                throw Refusal("quiesce.busy", FaultKind.Busy, $"Machine {vm.NameLabel} is paused for another request.", "Wait: that pause ends by itself.");
            await EndAsync(pool, vm, cancellation);
            vm = (await FindAsync(input, cancellation)).Vm;
        }

        if (vm.PowerState != "Running")
            throw Refusal("quiesce.not-running", FaultKind.Rejected, $"Machine {vm.NameLabel} is {vm.PowerState}; only a running one is paused.", "Ask for quiesce 'none'.");

        var at = time.GetUtcNow();
        var mark = new PauseMark(marker.Installation, input.Marker, at, at + options.Value.TimeToLive);
        await arms.ArmAsync(new PauseArm(input.Marker, input.Pool!, vm.Uuid, mark.ExpiresAt), cancellation);
        await pool.Vms.AddToOtherConfigAsync(vm.Ref, PauseMark.Name, mark.ToString(), cancellation);
        await pool.Vms.PauseAsync(vm.Ref, cancellation);

        // Whoever was held up between mark and pause may come too late: a pause that nothing guards any more is ended at once.
        var paused = (await FindAsync(input, cancellation)).Vm;
        if (PauseMark.Of(paused) == mark && mark.ExpiresAt > time.GetUtcNow()) return new FreezeReceipt(input.Marker, at);
        await EndAsync(pool, paused, cancellation);
        throw Refusal("quiesce.too-late", FaultKind.Transient, $"Pausing machine {vm.NameLabel} took longer than a pause may last.", "Nothing: it runs, and is tried again; look at the pool's load if this repeats.");
    }

    /// <summary>Lets the machine go on. Held: it was still paused, still under this mark, and the mark's time was not over.</summary>
    public async Task<ThawReceipt> ThawAsync(FreezeInput input, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(input);
        var (pool, vm) = await FindAsync(input, cancellation);
        var mark = PauseMark.Of(vm);
        var ours = mark is not null && mark.Installation == marker.Installation && mark.Marker == input.Marker;
        var held = ours && vm.PowerState == "Paused" && mark!.ExpiresAt > time.GetUtcNow();
        if (ours) await EndAsync(pool, vm, cancellation);
        arms.Disarm(input.Marker);
        return new ThawReceipt(held, ours ? (time.GetUtcNow() - mark!.At).TotalMilliseconds : 0);
    }

    /// <summary>First it runs, then the mark goes: in between nothing takes it for held, for it does not bear the state Paused.</summary>
    internal static async Task EndAsync(XenServerClient pool, Vm vm, CancellationToken cancellation)
    {
        if (vm.PowerState == "Paused") await pool.Vms.UnpauseAsync(vm.Ref, cancellation);
        await pool.Vms.RemoveFromOtherConfigAsync(vm.Ref, PauseMark.Name, cancellation);
    }

    private async Task<(XenServerClient Pool, Vm Vm)> FindAsync(FreezeInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool!);
        var vm = await pool.Vms.FindAsync(input.VmUuid!, cancellation);
        return vm is null
            ? throw Refusal("quiesce.unknown-vm", FaultKind.NotFound, $"Pool {input.Pool} has no machine {input.VmUuid}.", "Find out whether it was moved to another pool meanwhile, and ask again.")
            : (pool, vm);
    }

    private static StepFaultException Refusal(string code, FaultKind kind, string message, string remedy) => new(new StepFault(code, kind, message, remedy));
}
