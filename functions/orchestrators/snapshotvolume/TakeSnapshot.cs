namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The array's snapshot, quiesced where asked, with the proof that one freeze held from before it until after it.</summary>
internal static class TakeSnapshot
{
    /// <summary>The array deletes the snapshot by itself after this time, should a lost database ever make us forget it.</summary>
    public static readonly TimeSpan Fuse = TimeSpan.FromHours(48);

    public static async Task<StorageSnapshot> TakeSnapshotAsync(this SnapshotRun run, SnapshotPlan plan)
    {
        if (run.Request.Member is { } member) return Taken(run, plan, member);
        run.Board.Show(status => status with { State = SnapshotState.Creating });
        var wanted = new StorageSnapshotInput(run.Request.Key, plan.Array.Volume, Fuse);
        run.Undo.Push(Steps.DeleteStorageSnapshot, wanted);

        var snapshot = run.Request.Quiesce == QuiesceMode.Hook
            ? await QuiescedAsync(run, plan.Volume, wanted)
            : await CrashConsistentAsync(run, wanted);
        run.Board.Show(status => status with { State = SnapshotState.CreatedOnPrimary, TakenAt = snapshot.CreatedAt });
        return snapshot;
    }

    /// <summary>The group took it with the others, and takes it away again.</summary>
    private static StorageSnapshot Taken(SnapshotRun run, SnapshotPlan plan, GroupMembership member)
    {
        if (plan.Array.Volume != member.Volume)
        {
            throw new StepFaultException(new StepFault(
                "group.other-volume", FaultKind.Conflict, $"The group's snapshot is of {member.Volume}, the volume is {plan.Array.Volume} now.", "Find out who moved the volume meanwhile, and ask again."));
        }

        run.Board.Show(status => status with { State = SnapshotState.CreatedOnPrimary, TakenAt = member.Snapshot.CreatedAt, Consistency = member.Consistency, FrozenMs = member.FrozenMs });
        return member.Snapshot;
    }

    private static async Task<StorageSnapshot> CrashConsistentAsync(SnapshotRun run, StorageSnapshotInput wanted)
    {
        var snapshot = await run.DoAsync(Steps.CreateStorageSnapshot, wanted);
        run.Board.Show(status => status with { Consistency = "crash" });
        return snapshot;
    }

    private static async Task<StorageSnapshot> QuiescedAsync(SnapshotRun run, CloudStackVolume volume, StorageSnapshotInput wanted)
    {
        var (snapshot, consistency, frozenMs) = await run.TakeQuiescedAsync(
            wanted.Key, volume.VmId!, () => run.DoAsync(Steps.CreateStorageSnapshot, wanted, StepPolicy.Frozen), () => run.DoAsync(Steps.DeleteStorageSnapshot, wanted));
        run.Board.Show(status => status with { Consistency = consistency, FrozenMs = frozenMs });
        return snapshot;
    }
}
