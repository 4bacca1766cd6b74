using Microsoft.Extensions.Options;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>Pauses a machine by its hypervisor and lets it go on, with the watchdog armed before the first and a proof, at the second, that one pause had lasted.</summary>
public sealed class GuestPause(IXenServerPools pools, PauseArms arms, Marker marker, IOptions<PauseOptions> options, TimeProvider time)
{
    /// <summary>How long a pause that was sent may be on its way to its pool. The pool lists it from then on until it has ended.</summary>
    private static readonly TimeSpan s_onItsWay = TimeSpan.FromMinutes(2);

    /// <summary>So long the pool's answer is waited for; a pause is to last a few seconds.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Pauses. What an earlier attempt under this marker left is ended first: nobody knows whether it had lasted.</summary>
    /// <param name="stop">A pause that was sent is not given up because of a wish to cancel: it would come after the thaw.</param>
    public async Task<FreezeReceipt> FreezeAsync(FreezeInput input, CancellationToken cancellation, CancellationToken stop)
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
            if (left.Installation != marker.Installation)
                throw left.ExpiresAt + s_onItsWay > time.GetUtcNow() ? Busy(vm) : Left(vm, $"Installation {left.Installation} marked machine {vm.NameLabel} for a pause that was over at {left.ExpiresAt:O}.");
            if (left.Marker != input.Marker && left.ExpiresAt > time.GetUtcNow()) throw Busy(vm);
            await EndAsync(pool, await FindSettledAsync(pool, vm, Age(left), cancellation) ?? throw Unanswered(vm, left), left, cancellation);
            vm = (await FindAsync(input, cancellation)).Vm;
        }

        if (vm.OtherConfig.ContainsKey(PauseMark.Name)) throw Left(vm, $"Machine {vm.NameLabel} bears a mark {PauseMark.Name} that cannot be read.");
        if (vm.PowerState != "Running")
            throw Refusal("quiesce.not-running", FaultKind.Rejected, $"Machine {vm.NameLabel} is {vm.PowerState}; only a running one is paused.", "Ask for quiesce 'none'.");

        var (at, began) = (time.GetUtcNow(), time.GetTimestamp());
        var mark = new PauseMark(marker.Installation, input.Marker, at, at + options.Value.TimeToLive);
        var arm = new PauseArm(input.Marker, input.Pool!, vm.Uuid, mark.ExpiresAt);
        await arms.ArmAsync(arm, cancellation);
        try
        {
            await pool.Vms.AddToOtherConfigAsync(vm.Ref, PauseMark.Name, mark.ToString(), stop);
        }
        catch (XenApiException taken) when (taken.Code == XenApiErrors.MapDuplicateKey)
        {
            // Another request has marked it since it was looked at: two of a machine's disks at the same moment.
            arms.Disarm(arm);
            throw Busy(vm);
        }

        if (IsGuarded())
        {
            await PauseAsync(pool, input, vm, mark, stop);

            // Whoever was held up between mark and pause may come too late: a pause that nothing guards any more is ended at once.
            vm = (await FindAsync(input, cancellation)).Vm;
            if (PauseMark.Of(vm) == mark && vm.PowerState == "Paused" && IsGuarded()) return new FreezeReceipt(input.Marker, at);
        }

        await EndAsync(pool, vm, mark, cancellation);
        throw TooLate(vm);

        // By the clock and by the time that has gone by: after either the watchdog may be done with the arm.
        bool IsGuarded() => mark.ExpiresAt > time.GetUtcNow() && time.GetElapsedTime(began) < options.Value.TimeToLive;
    }

    /// <summary>Lets the machine go on. Held: it was still paused, still under this mark, and the mark's time was not over.</summary>
    public async Task<ThawReceipt> ThawAsync(FreezeInput input, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(input);
        var (pool, vm) = await FindAsync(input, cancellation);
        var mark = PauseMark.Of(vm);
        var ours = mark is not null && mark.Installation == marker.Installation && mark.Marker == input.Marker;
        var held = ours && vm.PowerState == "Paused" && mark!.ExpiresAt > time.GetUtcNow();
        // Mark and arm stay for as long as the pause may still come: without them nobody would let the machine go on.
        if (ours) await EndAsync(pool, await FindSettledAsync(pool, vm, Age(mark!), cancellation) ?? throw Unanswered(vm, mark!), mark!, cancellation);
        // Armed, and paused without a mark: a late call for the pause before it took the mark away.
        else if (mark is null && vm.PowerState == "Paused" && arms.Holds(input.Marker)) await pool.Vms.UnpauseAsync(vm.Ref, cancellation);
        arms.Disarm(input.Marker);
        return new ThawReceipt(held, ours ? (time.GetUtcNow() - mark!.At).TotalMilliseconds : 0);
    }

    /// <summary>The marked machine, once the one pause that was sent for its mark has come or cannot come any more; null while it may. The tasks are listed before the machine is read, so none can end in between.</summary>
    /// <param name="age">For how long it has been marked.</param>
    internal static async Task<Vm?> FindSettledAsync(XenServerClient pool, Vm vm, TimeSpan age, CancellationToken cancellation)
    {
        if (vm.PowerState == "Paused") return vm;
        if (age < s_onItsWay || (await pool.Tasks.ListAsync(VmCalls.PauseTask, cancellation)).Any(task => !task.Ended)) return null;
        return await pool.Vms.FindAsync(vm.Ref, cancellation) ?? vm;
    }

    /// <summary>
    /// First it runs, then the mark goes: in between nothing takes it for held, for it does not bear the state Paused. The mark is looked at again right before: while the call was under way another pause may have begun, and
    /// its mark stays.
    /// </summary>
    internal static async Task EndAsync(XenServerClient pool, Vm vm, PauseMark mark, CancellationToken cancellation)
    {
        if (vm.PowerState == "Paused") await pool.Vms.UnpauseAsync(vm.Ref, cancellation);
        if (await pool.Vms.FindAsync(vm.Ref, cancellation) is { } now && PauseMark.Of(now) == mark) await pool.Vms.RemoveFromOtherConfigAsync(vm.Ref, PauseMark.Name, cancellation);
    }

    /// <summary>Either way of the clock, which may have been set since.</summary>
    private TimeSpan Age(PauseMark mark) => (time.GetUtcNow() - mark.At).Duration();

    /// <summary>Begins the pause and waits for its end.</summary>
    private async Task PauseAsync(XenServerClient pool, FreezeInput input, Vm vm, PauseMark mark, CancellationToken stop)
    {
        var reference = await pool.Vms.StartPauseAsync(vm.Ref, stop);
        XenTask task;
        using var deadline = new CancellationTokenSource(s_patience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(stop, deadline.Token);
        try
        {
            task = await pool.Tasks.WaitAsync(reference, linked.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // It may come all the same: the mark stays on it, and the watchdog's arm.
            await pool.Tasks.CancelAsync(reference, stop);
            throw TooLate(vm);
        }

        await pool.Tasks.DestroyAsync(reference, stop);
        if (task.FindFailure() is not { } failure) return;

        // It has ended, so nothing comes any more.
        await EndAsync(pool, (await FindAsync(input, stop)).Vm, mark, stop);
        arms.Disarm(input.Marker);
        throw failure;
    }

    private async Task<(XenServerClient Pool, Vm Vm)> FindAsync(FreezeInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool!);
        var vm = await pool.Vms.FindAsync(input.VmUuid!, cancellation);
        return vm is null
            ? throw Refusal("quiesce.unknown-vm", FaultKind.NotFound, $"Pool {input.Pool} has no machine {input.VmUuid}.", "Find out whether it was moved to another pool meanwhile, and ask again.")
            : (pool, vm);
    }

    private static StepFaultException Busy(Vm vm) =>
        Refusal("quiesce.busy", FaultKind.Busy, $"Machine {vm.NameLabel} is paused for another request.", "Wait: that pause ends by itself.");

    private static StepFaultException Left(Vm vm, string message) => Refusal(
        "quiesce.mark-left", FaultKind.Rejected, message, $"See that the machine runs and that nobody else pauses it, and remove the mark: xe vm-param-remove uuid={vm.Uuid} param-name=other-config param-key={PauseMark.Name}");

    private static StepFaultException TooLate(Vm vm) =>
        Refusal("quiesce.too-late", FaultKind.Transient, $"Pausing machine {vm.NameLabel} took longer than a pause may last.", "The machine runs. Look at the pool's load if this repeats.");

    private StepFaultException Unanswered(Vm vm, PauseMark mark)
    {
        var left = s_onItsWay - Age(mark);
        return new StepFaultException(new StepFault(
            "quiesce.pause-unanswered", FaultKind.Busy, $"A pause of machine {vm.NameLabel} was sent at {mark.At:O} and may still come. The machine runs.", "Nothing: the watchdog guards it until it is over; look at the pool's tasks if this lasts.",
            left > TimeSpan.Zero ? left : TimeSpan.FromSeconds(2)));
    }

    private static StepFaultException Refusal(string code, FaultKind kind, string message, string remedy) => new(new StepFault(code, kind, message, remedy));
}
