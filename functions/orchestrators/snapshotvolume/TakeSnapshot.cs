namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The array's snapshot, quiesced where asked, with the proof that one freeze held from before it until after it.</summary>
internal static class TakeSnapshot
{
    /// <summary>The array deletes the snapshot by itself after this time, should a lost database ever make us forget it.</summary>
    private static readonly TimeSpan Fuse = TimeSpan.FromHours(48);

    private const int FreezeTries = 3;

    public static async Task<StorageSnapshot> TakeSnapshotAsync(this SnapshotRun run, SnapshotPlan plan)
    {
        run.Board.Show(status => status with { State = SnapshotState.Creating });
        var wanted = new StorageSnapshotInput(run.Request.Key, plan.Array.Volume, Fuse);
        run.Undo.Push(Steps.DeleteStorageSnapshot, wanted);

        var snapshot = run.Request.Quiesce == QuiesceMode.Hook
            ? await QuiescedAsync(run, plan.Volume, wanted)
            : await CrashConsistentAsync(run, wanted);
        run.Board.Show(status => status with { State = SnapshotState.CreatedOnPrimary, TakenAt = snapshot.CreatedAt });
        return snapshot;
    }

    private static async Task<StorageSnapshot> CrashConsistentAsync(SnapshotRun run, StorageSnapshotInput wanted)
    {
        var snapshot = await run.DoAsync(Steps.CreateStorageSnapshot, wanted);
        run.Board.Show(status => status with { Consistency = "crash" });
        return snapshot;
    }

    private static async Task<StorageSnapshot> QuiescedAsync(SnapshotRun run, CloudStackVolume volume, StorageSnapshotInput wanted)
    {
        for (var attempt = 1; ; attempt++)
        {
            var freeze = new FreezeInput(wanted.Key, volume.VmId!, wanted.Key.NameFor($"freeze-{attempt}"));
            run.Undo.Push(Steps.Thaw, freeze);
            await run.DoAsync(Steps.Freeze, freeze);
            StorageSnapshot? snapshot = null;
            StepFaultException? failure = null;
            try
            {
                snapshot = await run.DoAsync(Steps.CreateStorageSnapshot, wanted, StepPolicy.Frozen);
            }
            catch (StepFaultException fault)
            {
                failure = fault;
            }

            // Thawed before anything else is decided: no path may leave the guest waiting for us.
            var thaw = await run.ThawAsync(freeze);
            run.Undo.Keep(StepNames.Thaw);
            if (failure is not null) throw failure;

            var consistency = thaw.Held ? "quiesced" : "crash";
            if (thaw.Held || attempt == FreezeTries)
            {
                run.Board.Show(status => status with { Consistency = consistency, FrozenMs = thaw.FrozenMs });
                return snapshot!;
            }

            await run.DoAsync(Steps.DeleteStorageSnapshot, wanted);
        }
    }

    private static Task<ThawReceipt> ThawAsync(this SnapshotRun run, FreezeInput freeze) => run.DoUncancelledAsync(Steps.Thaw, freeze, StepPolicy.Thawing);
}
