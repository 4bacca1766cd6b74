namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Looks at every system, makes nothing, and refuses what cannot end well: room, limits, host, resign strategy and rights for the whole job
/// are proven before anything is frozen or made. The volume's slot comes first, for another job of the volume changes what there is to see; the slots of array, host and store
/// come when it is known which they are, and after a wait for them everything is looked at again.
/// </summary>
internal static class Admit
{
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

        var account = volume.Account ?? "";

        // A project's volume has no account. A group holds volume and account for its members.
        IReadOnlyList<string> first = request.Member is not null ? [] : account.Length > 0 ? [AdmissionSlots.Volume(volume.Id), AdmissionSlots.Account(account)] : [AdmissionSlots.Volume(volume.Id)];
        var plan = await run.AdmitPlanAsync(
            account, first, request.Policy is null ? AdmissionPriorities.Person : AdmissionPriorities.Policy, () => InspectAsync(run, volume),
            found => [AdmissionSlots.Array(found.Array.Volume.ClusterUuid), AdmissionSlots.Host(found.Host.HostUuid), AdmissionSlots.Store(found.Destination.Destination)]);
        run.Board.Show(status => status with { Destination = plan.Destination.Destination, DiskBytes = plan.Disk.VirtualSizeBytes, Waiting = null });
        await run.ProjectAsync();
        return plan;
    }

    private static async Task<SnapshotPlan> InspectAsync(SnapshotRun run, CloudStackVolume volume)
    {
        var disk = await run.DoAsync(Steps.InspectSource, new InspectSourceInput(volume), StepPolicy.Preflight);
        var array = await run.DoAsync(Steps.InspectArrayVolume, new InspectArrayVolumeInput(disk.Iqn) { Taken = run.Request.Member?.Snapshot.SnapshotId }, StepPolicy.Preflight);
        var host = await run.DoAsync(Steps.ChooseCopyHost, new ChooseCopyHostInput(disk.SrUuid), StepPolicy.Preflight);
        var destination = await run.DoAsync(
            Steps.InspectDestination,
            new InspectDestinationInput(run.Request.Destination, disk.VirtualSizeBytes, volume.ZoneId, volume.Id, run.Request.Key) { Copy = run.Request.Copy, Format = run.Request.Format },
            StepPolicy.Preflight);
        return new SnapshotPlan(volume, disk, array, host, destination);
    }
}
