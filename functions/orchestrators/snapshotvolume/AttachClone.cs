namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>From the array's snapshot to a VDI that the copy host can read: clone, access, resign where needed, SR, VDI.</summary>
internal static class AttachClone
{
    private static readonly TimeSpan CloneDeadline = TimeSpan.FromHours(2);

    public static async Task<VdiReceipt> AttachCloneAsync(this SnapshotRun run, SnapshotPlan plan, TakenSnapshot taken)
    {
        var key = run.Request.Key;
        var owned = new OwnedCloneInput(key, taken.Source);
        run.Undo.Push(Steps.DeleteClone, owned);
        run.Undo.Push(Steps.RevokeAccess, owned);
        run.Undo.Push(Steps.ForgetSr, new OwnedSrInput(key, plan.Host.Pool, key.NameFor("sr")));

        for (var anew = run.Anew(); ; await anew.WaitAsync())
        {
            try
            {
                var lun = await CloneToLunAsync(run, taken);
                await run.DoAsync(Steps.GrantAccess, new AccessInput(key, lun.Volume, plan.Host.Iqn));
                var sr = new SrInput(key, plan.Host.Pool, plan.Host.HostUuid, plan.Host.Strategy, lun, taken.SrUuid);
                if (plan.Host.Strategy == ResignStrategies.Relvmoiscsi) await run.DoAsync(Steps.ResignSr, sr);
                var introduced = await run.DoAsync(Steps.IntroduceSr, sr);
                return await run.DoAsync(Steps.FindVdi, new FindVdiInput(key, plan.Host.Pool, introduced.SrUuid));
            }
            catch (StepFaultException failure) when (failure.Fault.Code is FaultCodes.CloneLost or FaultCodes.ResignOutcomeUnknown && anew.IsWorth())
            {
                // A clone that vanished, or one whose resign may have stopped half-way, is worth nothing: it goes, and the next one is made.
                await run.DoAsync(Steps.RevokeAccess, owned);
                await run.DoAsync(Steps.DeleteClone, owned);
            }
        }
    }

    private static async Task<CloneLun> CloneToLunAsync(SnapshotRun run, TakenSnapshot taken)
    {
        var (key, snapshot) = (run.Request.Key, taken.Snapshot);
        var clone = await run.DoAsync(Steps.StartClone, new StartCloneInput(key, taken.Source, snapshot.SnapshotId, snapshot.TotalSizeBytes)
        {
            Fuse = run.Request is { KeepOnPrimary: true, AdoptSnapshotId: null } ? TakeSnapshot.FuseOfKept : null,
        });
        var deadline = run.Context.CurrentUtcDateTime + CloneDeadline;
        for (var wait = TimeSpan.FromMilliseconds(250); ; wait = wait < TimeSpan.FromSeconds(10) ? wait * 1.5 : wait)
        {
            var check = await run.DoAsync(Steps.CheckClone, new CheckCloneInput(key, clone));
            if (check.Lun is { } lun) return lun;
            if (run.Context.CurrentUtcDateTime > deadline)
            {
                throw new StepFaultException(new StepFault(
                    "clone.deadline", FaultKind.Rejected, $"The clone of snapshot {snapshot.SnapshotId} was not ready within {CloneDeadline}.", "Look at the array's running jobs and its load, then start again."));
            }

            await run.Cancellation.WaitAsync(wait);
        }
    }
}
