namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Freeze, take, thaw, and the proof that one freeze held from before the taking until after it.</summary>
internal static class Quiesced
{
    private const int FreezeTries = 3;

    /// <summary>So often the array may fail to take it while the guest is frozen; with the waits between them that is some two minutes, and no guest is frozen for nothing without end.</summary>
    private const int TakeTries = 8;

    /// <summary>The machine to freeze by hook or, where the request says so, by its pool.</summary>
    /// <param name="vmId">CloudStack's uuid.</param>
    /// <exception cref="StepFaultException"><c>quiesce.not-running</c>: a pause is asked for and no pool runs the machine.</exception>
    public static FreezeInput MachineOf(RequestKey key, string vmId, QuiesceMode mode, SourceDisk disk) => mode switch
    {
        QuiesceMode.Pause when disk.VmUuid is null => throw new StepFaultException(new StepFault(
            "quiesce.not-running", FaultKind.Rejected, $"No pool has a running machine with disk {disk.VdiUuid}, so there is nothing to pause.", "Ask for quiesce 'none'.")),
        QuiesceMode.Pause => new FreezeInput(key, vmId, "") { Pool = disk.Pool, VmUuid = disk.VmUuid },
        _ => new FreezeInput(key, vmId, ""),
    };

    /// <param name="machine">Whom to freeze; key and marker are set here, a new marker for each try.</param>
    /// <param name="take">Given the marker of the freeze, by which what was asked for in another one is told from it.</param>
    /// <param name="takeBack">Undoes a taking whose freeze had broken, before the next try.</param>
    /// <returns>What was taken, <c>quiesced</c> or, where no freeze held, <c>crash</c>, and how long the last freeze lasted.</returns>
    public static async Task<(T Taken, string Consistency, double FrozenMs)> TakeQuiescedAsync<T>(this WorkRun run, FreezeInput machine, Func<string, Task<T>> take, Func<Task> takeBack) where T : class
    {
        var failures = 0;
        for (var attempt = 1; ; attempt++)
        {
            var freeze = machine with { Marker = machine.Key.NameFor($"freeze-{attempt}") };
            run.Undo.Push(Steps.Thaw, freeze);
            await run.DoAsync(Steps.Freeze, freeze);
            T? taken = null;
            StepFaultException? failure = null;
            try
            {
                taken = await take(freeze.Marker);
            }
            catch (StepFaultException fault)
            {
                failure = fault;
            }

            // Thawed before anything else is decided: no path may leave the guest waiting for us.
            var thaw = await run.DoUncancelledAsync(Steps.Thaw, freeze, StepPolicy.Thawing);
            run.Undo.Keep(StepNames.Thaw);
            if (failure is not null)
            {
                // Little is tried while a guest is frozen. Now it runs, and there is time again: a snapshot whose answer was lost is taken away, which the array must answer before anyone is frozen anew.
                if (!failure.Fault.IsRetryable || ++failures == TakeTries || !run.Context.IsAtLeast(WorkflowVersions.Told)) throw failure;
                await takeBack();
                await run.Cancellation.WaitAsync(StepPolicy.Refreezing.DelayAfter(failures, failure.Fault));
                continue;
            }

            if (thaw.Held || attempt - failures == FreezeTries) return (taken!, thaw.Held ? "quiesced" : "crash", thaw.FrozenMs);
            await takeBack();
        }
    }
}
