namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Looks at every system, makes nothing, and refuses what cannot end well: room, limits, host, resign strategy and rights for the whole job
/// are proven before anything is frozen or made. The volume's slot comes first, for another job of the volume changes what there is to see; the slots of array, host and store
/// come when it is known which they are, and after a wait for them everything is looked at again.
/// </summary>
internal static class Admit
{
    private const int PersonsPriority = 1;

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

        run.Undo.Push(Admitting.ReleaseStep, run.Context.ReleaseAdmissionAsync);
        var account = volume.Account ?? "";

        // A project's volume has no account.
        IReadOnlyList<string> first = account.Length > 0 ? [AdmissionSlots.Volume(volume.Id), AdmissionSlots.Account(account)] : [AdmissionSlots.Volume(volume.Id)];
        await TakeAsync(run, 1, account, first);
        var plan = await InspectAsync(run, volume);
        while (await TakeAsync(run, 2, account, [AdmissionSlots.Array(plan.Array.Volume.ClusterUuid), AdmissionSlots.Host(plan.Host.HostUuid), AdmissionSlots.Store(plan.Destination.Destination)]))
        {
            var again = await InspectAsync(run, volume);
            var same = (again.Array.Volume.ClusterUuid, again.Host.HostUuid, again.Destination.Destination) == (plan.Array.Volume.ClusterUuid, plan.Host.HostUuid, plan.Destination.Destination);
            plan = again;
            if (same) break;

            // The slots are those of another host or store now: they are given back, and the right ones asked for.
            await run.Context.ReleaseAdmissionAsync();
            await TakeAsync(run, 1, account, first);
        }

        run.Board.Show(status => status with { Destination = plan.Destination.Destination, DiskBytes = plan.Disk.VirtualSizeBytes, Waiting = null });
        await run.ProjectAsync();
        return plan;
    }

    private static Task<bool> TakeAsync(SnapshotRun run, int stage, string account, IReadOnlyList<string> slots) => run.Context.AdmitAsync(
        new AdmissionRequest(run.Context.InstanceId, stage, slots, account, run.Request.Policy is null ? PersonsPriority : 0), run.Board, run.Cancellation);

    private static async Task<SnapshotPlan> InspectAsync(SnapshotRun run, CloudStackVolume volume)
    {
        var disk = await run.DoAsync(Steps.InspectSource, new InspectSourceInput(volume), StepPolicy.Preflight);
        var array = await run.DoAsync(Steps.InspectArrayVolume, new InspectArrayVolumeInput(disk.Iqn), StepPolicy.Preflight);
        var host = await run.DoAsync(Steps.ChooseCopyHost, new ChooseCopyHostInput(disk.SrUuid), StepPolicy.Preflight);
        var destination = await run.DoAsync(
            Steps.InspectDestination,
            new InspectDestinationInput(run.Request.Destination, disk.VirtualSizeBytes, volume.ZoneId, volume.Id, run.Request.Key) { Copy = run.Request.Copy, Format = run.Request.Format },
            StepPolicy.Preflight);
        return new SnapshotPlan(volume, disk, array, host, destination);
    }
}
