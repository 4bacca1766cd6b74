namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Looks at every system, makes nothing, and refuses what cannot end well: room, limits, host, resign strategy and rights for the whole job
/// are proven before anything is frozen or made. Then waits for the volume's slot.
/// </summary>
internal static class Admit
{
    private static readonly TimeSpan LongestSlotWait = TimeSpan.FromMinutes(1);

    public static async Task<SnapshotPlan> AdmitAsync(this SnapshotRun run)
    {
        var request = run.Request;
        var volume = await run.DoAsync(Steps.ResolveVolume, new ResolveVolumeInput(request.VolumeId), StepPolicy.Preflight);
        run.Volume = volume;
        if (request.Quiesce == QuiesceMode.Hook && volume.VmId is null)
        {
            throw new StepFaultException(new StepFault(
                "quiesce.detached", FaultKind.Rejected, $"Volume {volume.Name} is attached to no VM, so there is no guest to quiesce.", "Ask for quiesce 'none'."));
        }

        await TakeSlotAsync(run);
        var disk = await run.DoAsync(Steps.InspectSource, new InspectSourceInput(volume), StepPolicy.Preflight);
        var array = await run.DoAsync(Steps.InspectArrayVolume, new InspectArrayVolumeInput(disk.Iqn), StepPolicy.Preflight);
        var host = await run.DoAsync(Steps.ChooseCopyHost, new ChooseCopyHostInput(disk.SrUuid), StepPolicy.Preflight);
        var destination = await run.DoAsync(
            Steps.InspectDestination,
            new InspectDestinationInput(request.Destination, disk.VirtualSizeBytes, volume.ZoneId, volume.Id, request.Key) { Copy = request.Copy, Format = request.Format },
            StepPolicy.Preflight);
        run.Board.Show(status => status with { Destination = destination.Destination, DiskBytes = disk.VirtualSizeBytes });
        await run.ProjectAsync();
        return new SnapshotPlan(volume, disk, array, host, destination);
    }

    /// <summary>One job per volume: a pool that is to introduce a clone under its own uuids can hold only one of them.</summary>
    private static async Task TakeSlotAsync(SnapshotRun run)
    {
        var slot = new VolumeSlot(run.Request.Key, run.Request.VolumeId);
        run.Undo.Push(Steps.ReleaseVolumeSlot, slot);
        for (var wait = TimeSpan.FromSeconds(2); ; wait = wait * 2 < LongestSlotWait ? wait * 2 : LongestSlotWait)
        {
            var grant = await run.DoAsync(Steps.TakeVolumeSlot, slot);
            if (grant.Granted) return;
            run.Board.Waiting(new StepNotice(
                "volume.busy",
                $"Snapshot {grant.HeldBy} of the same volume is under way; this one follows.",
                $"Wait, or cancel {grant.HeldBy}.",
                StepNames.TakeVolumeSlot));
            await run.Cancellation.WaitAsync(wait);
        }
    }
}
