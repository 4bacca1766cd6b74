namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// From a copy on secondary storage back to a LUN.
/// <para>
/// InspectCopy, target, host (look, refuse, wait) · a new volume: CreateVolume, GrantAccess, CreateSr, CreateDestinationVdi, WriteVdi; or CloudStack's detached one: VerifyCopy, GrantAccess, IntroduceSr,
/// FindVdi, looked at again, WriteVdi · HashSource: read back and held against the manifest's root, the commit point. Before it a failure, and a wish to cancel, unwinds what was made; after
/// it the same stack hands over: SR off the host, access withdrawn, the new volume marked as a person's.
/// </para>
/// </summary>
[DurableTask(nameof(RestoreVolume))]
public sealed class RestoreVolume : TaskOrchestrator<RestoreVolumeInput, RestoredVolume>
{
    public override async Task<RestoredVolume> RunAsync(TaskOrchestrationContext context, RestoreVolumeInput input)
    {
        var run = new RestoreRun(context, input);
        RestoredVolume restored;
        try
        {
            restored = await MakeAsync(run);
        }
        catch (Exception failure)
        {
            // Whatever ended it, a defect of ours included: what was made does not stay behind.
            var fault = failure is StepFaultException known ? known.Fault : Faults.Defect(failure);
            Show(run, fault);
            await run.UnwindAsync();
            await EndFailedAsync(run, fault);
            throw new StepFaultException(fault, failure);
        }

        await run.UnwindAsync();
        if (run.IsGone)
        {
            var gone = new StepFault(
                "restore.volume-gone", FaultKind.NotFound, $"The copy was restored and proven, and somebody deleted volume {restored.VolumeId} of cluster {restored.ClusterUuid} before it was handed over.", "Find out who deleted it: the array keeps a deleted volume for 8 hours. Else restore again.");
            Show(run, gone);
            await EndFailedAsync(run, gone);
            throw new StepFaultException(gone);
        }

        await run.AuditAsync("done", $"volume {restored.VolumeId} of cluster {restored.ClusterUuid}");
        await run.ReportAsync(RestoreState.Restored, restored);
        run.Board.Show(status => status with { State = RestoreState.Restored, Volume = restored, TargetTouched = false, Step = null, Waiting = null, Cleanup = new CleanupStatus(Done: true, Stuck: null), Ended = true });
        return restored;
    }

    private static void Show(RestoreRun run, StepFault fault) =>
        run.Board.Show(status => status with { State = RestoreState.Error, Failure = Told(fault, status), Waiting = null });

    /// <summary>A volume that was being filled is somebody's: what was written into it stays.</summary>
    private static StepNotice Told(StepFault fault, RestoreStatus status) => fault.Kind == FaultKind.Cancelled && status.TargetTouched
        ? new StepNotice(fault.Code, "It was cancelled on request, when the target had been written to: that volume stays as it is, and is not to be used.", "Restore into it again, or delete it.", status.Step ?? "")
        : fault.Ending(status.Step ?? "");

    private static async Task EndFailedAsync(RestoreRun run, StepFault fault)
    {
        await run.AuditAsync(fault.Kind == FaultKind.Cancelled ? "cancelled" : "failed", fault.Code);
        await run.ReportAsync(RestoreState.Error, restored: null);
        run.Board.Show(status => status with { Step = null, Waiting = null, Cleanup = new CleanupStatus(Done: true, Stuck: null), Ended = true });
    }

    private static async Task<RestoredVolume> MakeAsync(RestoreRun run)
    {
        var plan = await run.AdmitRestoreAsync();
        run.Board.Show(status => status with { State = RestoreState.Restoring, DiskBytes = plan.Source.DiskBytes, Waiting = null });
        var disk = plan.New is not null ? await run.FillNewAsync(plan) : await run.FillTargetAsync(plan);

        var (key, root, bytes) = (run.Request.Key, plan.Source.Root, plan.Source.DiskBytes);
        var seen = await run.DoAsync(Steps.HashSource, new HashSourceInput(key, plan.Host.Pool, disk.Vdi.VdiUuid, disk.Vdi.VirtualSizeBytes) { HashedBytes = disk.Vdi.VirtualSizeBytes > bytes ? bytes : null });
        if (seen.Root != root || seen.DiskBytes != bytes)
        {
            throw new StepFaultException(new StepFault(
                "restore.mismatch", FaultKind.Corrupt, $"The target's root is {seen.Root} over {seen.DiskBytes} bytes; the manifest's is {root} over {bytes}.",
                "Have the snapshot verified; look at the copy host and the store, then start again."));
        }

        if (plan.Target is not null) await run.ProveFreeAsync(plan, disk.Vdi.VdiUuid);

        // From here it is handed over: what was read back is what the manifest stands for.
        run.Cancellation.ThrowIfWished();
        run.Undo.Replace(StepNames.DeleteVolume, Steps.HandOverVolume, new HandOverInput(key, disk.Lun, run.Request.Snapshot.Uuid), handedOver => run.IsGone = !handedOver);
        run.Board.Show(status => status with { Root = seen.Root });
        return new RestoredVolume(disk.Lun.Volume.ClusterUuid, disk.Lun.Volume.VolumeId, disk.Lun.Iqn, disk.Vdi.VdiUuid, disk.SrUuid, run.Request.TargetVolumeId);
    }
}
