namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>From a LUN to the disk on it, filled: a new volume that is made and formatted, or CloudStack's, of which the disk is overwritten.</summary>
internal static class FillVolume
{
    public static async Task<RestoredDisk> FillNewAsync(this RestoreRun run, RestorePlan plan)
    {
        var (key, pool) = (run.Request.Key, plan.Host.Pool);
        var (lun, sr) = await MakeVolumeAsync(run, plan);
        var owned = new OwnedVdiInput(key, pool, sr.SrUuid);
        var anew = run.Anew();
        for (var attempt = 1; ; attempt++)
        {
            var vdi = await run.DoAsync(Steps.CreateDestinationVdi, new DestinationVdiInput(key, pool, sr.SrUuid, plan.Source.DiskBytes, attempt) { Label = plan.New!.Name });
            try
            {
                await run.DoAsync(Steps.WriteVdi, new WriteVdiInput(key, pool, vdi.VdiUuid, Fresh: true, plan.Source));
                return new RestoredDisk(lun, sr.SrUuid, vdi);
            }
            catch (StepFaultException failure) when (failure.Fault.Code is FaultCodes.CopyOutcomeUnknown && anew.IsWorth())
            {
                // Only what is not zero is written, so a disk that may hold something else already is not written to.
                await run.DoAsync(Steps.DestroyDestinationVdi, owned);
                await anew.WaitAsync();
            }
        }
    }

    public static async Task<RestoredDisk> FillTargetAsync(this RestoreRun run, RestorePlan plan)
    {
        var (key, pool, lun) = (run.Request.Key, plan.Host.Pool, plan.Lun!);
        if (run.Context.IsAtLeast(WorkflowVersions.Proven)) await ProveCopyAsync(run, plan.Source);
        await run.ProveFreeAsync(plan, vdiUuid: null);
        PushAttached(run, plan, lun);
        await run.DoAsync(Steps.GrantAccess, new AccessInput(key, lun.Volume, plan.Host.Iqn));
        var sr = await run.DoAsync(Steps.IntroduceSr, new SrInput(key, pool, plan.Host.HostUuid, ResignStrategies.Dedicated, lun, SourceSrUuid: ""));
        var vdi = await run.DoAsync(Steps.FindVdi, new FindVdiInput(key, pool, sr.SrUuid));
        if (AdmitRestore.DiskOf(plan.Target!) is { } expected && vdi.VdiUuid != expected)
        {
            throw new StepFaultException(new StepFault(
                "restore.target-other-disk", FaultKind.Conflict, $"The LUN {lun.Iqn} holds disk {vdi.VdiUuid}; CloudStack's volume {plan.Target!.Name} is disk {expected}.",
                "Nothing was written: the LUN is another volume's. Restore into a new volume."));
        }

        await run.ProveFreeAsync(plan, vdi.VdiUuid);
        run.Board.Show(status => status with { TargetTouched = true });
        await run.DoAsync(Steps.WriteVdi, new WriteVdiInput(key, pool, vdi.VdiUuid, Fresh: false, plan.Source) { Target = new TargetLun(lun, plan.Host.Iqn) });
        return new RestoredDisk(lun, sr.SrUuid, vdi);
    }

    /// <summary>What the volume holds is given up only for a copy that was read to its end: a VHD shows no damage before that, and chunks break off where it is, with half of the disk overwritten.</summary>
    private static async Task ProveCopyAsync(RestoreRun run, RestoreSource source)
    {
        var copy = source.Copy;
        try
        {
            await run.DoAsync(Steps.VerifyCopy, new VerifyCopyInput(copy.Snapshot, copy.Destination, copy.Location, new ContentReceipt(source.Root, source.DiskBytes, 0, copy.DataBytes)) { Format = copy.Format, Manifest = copy.Manifest });
        }
        catch (StepFaultException failure) when (failure.Fault.Kind is FaultKind.Corrupt or FaultKind.NotFound)
        {
            throw new StepFaultException(new StepFault("restore.copy-damaged", FaultKind.Corrupt, $"{failure.Fault.Message} Nothing was written: the volume holds what it held.", "Restore another snapshot of the volume, and have this one verified."), failure);
        }
    }

    private static async Task<(CloneLun Lun, SrReceipt Sr)> MakeVolumeAsync(RestoreRun run, RestorePlan plan)
    {
        var (key, room) = (run.Request.Key, plan.New!);
        var owned = new OwnedVolumeInput(key, room.ClusterUuid, room.Name);
        run.Undo.Push(Steps.DeleteVolume, owned);
        for (var anew = run.Anew(); ; await anew.WaitAsync())
        {
            var lun = await run.DoAsync(Steps.CreateVolume, new CreateVolumeInput(key, room, run.Request.Qos));
            PushAttached(run, plan, lun);
            try
            {
                await run.DoAsync(Steps.GrantAccess, new AccessInput(key, lun.Volume, plan.Host.Iqn));
                return (lun, await run.DoAsync(Steps.CreateSr, new SrInput(key, plan.Host.Pool, plan.Host.HostUuid, ResignStrategies.Dedicated, lun, SourceSrUuid: "")));
            }
            catch (StepFaultException failure) when (failure.Fault.Code is FaultCodes.FormatOutcomeUnknown && anew.IsWorth())
            {
                // A volume that may be half formatted is worth nothing: it goes, and the next one is made.
                await run.DoAsync(Steps.ForgetSr, new OwnedSrInput(key, plan.Host.Pool, key.NameFor("sr")));
                await run.DoAsync(Steps.WithdrawAccess, new AccessInput(key, lun.Volume, plan.Host.Iqn));
                await run.DoAsync(Steps.DeleteVolume, owned);
            }
        }
    }

    /// <summary>What takes the LUN off the host again; of an earlier volume's there is nothing left.</summary>
    private static void PushAttached(RestoreRun run, RestorePlan plan, CloneLun lun)
    {
        run.Undo.Keep(StepNames.WithdrawAccess);
        run.Undo.Keep(StepNames.ForgetSr);
        run.Undo.Push(Steps.WithdrawAccess, new AccessInput(run.Request.Key, lun.Volume, plan.Host.Iqn));
        run.Undo.Push(Steps.ForgetSr, new OwnedSrInput(run.Request.Key, plan.Host.Pool, run.Request.Key.NameFor("sr")));
    }
}
