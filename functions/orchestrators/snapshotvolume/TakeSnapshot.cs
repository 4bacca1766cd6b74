namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The array's snapshot, quiesced where asked, with the proof that one freeze held from before it until after it.</summary>
internal static class TakeSnapshot
{
    /// <summary>The array deletes the snapshot by itself after this time, should a lost database ever make us forget it.</summary>
    public static readonly TimeSpan Fuse = TimeSpan.FromHours(48);

    /// <summary>
    /// Of a snapshot that the request keeps, from its clone on, until the end takes its fuse off: longer than the longest copy, which reads a full 16 TiB three times (some 70 h at 200 MB/s). Still a
    /// fuse, and not none: without one it would stay for ever where a job is killed and its database lost.
    /// </summary>
    public static readonly TimeSpan FuseOfKept = TimeSpan.FromDays(14);

    public static async Task<TakenSnapshot> TakeSnapshotAsync(this SnapshotRun run, SnapshotPlan plan)
    {
        if (run.Request.Member is { } member) return new TakenSnapshot(member.Volume, run.Taken(plan.Array.Volume, member), plan.Disk.SrUuid);
        return run.Request.AdoptSnapshotId is { } adopted
            ? await AdoptAsync(run, plan, adopted)
            : new TakenSnapshot(plan.Array.Volume, await run.TakeOwnAsync(plan.Volume, plan.Disk, plan.Array.Volume), plan.Disk.SrUuid);
    }

    /// <summary>A snapshot of our own, which the undo takes away.</summary>
    public static async Task<StorageSnapshot> TakeOwnAsync(this SnapshotRun run, CloudStackVolume volume, SourceDisk disk, ArrayVolume array)
    {
        var quiesce = run.Request.Quiesce;
        var machine = quiesce == QuiesceMode.None ? null : Quiesced.MachineOf(run.Request.Key, volume.VmId!, quiesce, disk);
        run.Board.Show(status => status with { State = SnapshotState.Creating });
        var wanted = new StorageSnapshotInput(run.Request.Key, array, Fuse);
        run.Undo.Push(Steps.DeleteStorageSnapshot, wanted);

        var snapshot = machine is not null ? await QuiescedAsync(run, machine, wanted) : await CrashConsistentAsync(run, wanted);
        run.Board.Show(status => status with { State = SnapshotState.CreatedOnPrimary, TakenAt = snapshot.CreatedAt });
        return snapshot;
    }

    /// <summary>CloudStack made it, and CloudStack deletes it: there is no undo of ours.</summary>
    private static async Task<TakenSnapshot> AdoptAsync(SnapshotRun run, SnapshotPlan plan, string snapshotId)
    {
        var adopted = await run.DoAsync(Steps.FindAdopted, new FindAdoptedInput(plan.Array.Volume, snapshotId));
        run.Board.Show(status => status with { State = SnapshotState.CreatedOnPrimary, TakenAt = adopted.Snapshot.CreatedAt, Consistency = "crash" });
        return new TakenSnapshot(adopted.Source, adopted.Snapshot, adopted.Source == plan.Array.Volume ? plan.Disk.SrUuid : "");
    }

    /// <summary>The group took it with the others, and takes it away again.</summary>
    public static StorageSnapshot Taken(this SnapshotRun run, ArrayVolume array, GroupMembership member)
    {
        if (array != member.Volume)
        {
            throw new StepFaultException(new StepFault(
                "group.other-volume", FaultKind.Conflict, $"The group's snapshot is of {member.Volume}, the volume is {array} now.", "Find out who moved the volume meanwhile, and ask again."));
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

    private static async Task<StorageSnapshot> QuiescedAsync(SnapshotRun run, FreezeInput machine, StorageSnapshotInput wanted)
    {
        var (snapshot, consistency, frozenMs) = await run.TakeQuiescedAsync(
            machine, freeze => run.DoAsync(Steps.CreateStorageSnapshot, wanted with { Freeze = freeze }, StepPolicy.Frozen), () => run.DoAsync(Steps.DeleteStorageSnapshot, wanted));
        run.Board.Show(status => status with { Consistency = consistency, FrozenMs = frozenMs });
        return snapshot;
    }
}
