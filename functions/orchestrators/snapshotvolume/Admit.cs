namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Looks at every system, makes nothing, and refuses what cannot end well: room, limits, host, resign strategy and rights for the whole job
/// are proven before anything is frozen or made. The volume's slot comes first, for another job of the volume changes what there is to see; the slots of array, host and store, and that of the
/// volume by the array's name, under which another may have asked for it, come when it is known which they are, and after a wait for them everything is looked at again.
/// </summary>
internal static class Admit
{
    public static async Task<SnapshotPlan> AdmitAsync(this SnapshotRun run)
    {
        var volume = await ResolveAsync(run);
        var plan = await run.AdmitPlanAsync(
            AccountScope.Of(volume.DomainId, volume.Account) ?? "", FirstSlots(run, volume), Priority(run), () => InspectAsync(run, volume),
            found => [AdmissionSlots.Array(found.Array.Volume.ClusterUuid), AdmissionSlots.Host(found.Host.HostUuid), AdmissionSlots.Store(found.Destination.Destination), .. ByArray(run, found.Array.Volume)]);
        run.Board.Show(status => status with { Destination = plan.Destination.Destination, DiskBytes = plan.Disk.VirtualSizeBytes, Waiting = null });
        await run.ProjectAsync();
        return plan;
    }

    /// <summary>For a snapshot that stays on the array: neither host nor store is needed.</summary>
    public static async Task<PrimaryPlan> AdmitPrimaryAsync(this SnapshotRun run)
    {
        var volume = await ResolveAsync(run);
        var plan = await run.AdmitPlanAsync(
            AccountScope.Of(volume.DomainId, volume.Account) ?? "", FirstSlots(run, volume), Priority(run),
            async () =>
            {
                var disk = await run.DoAsync(Steps.InspectSource, new InspectSourceInput(volume), run.Looking);
                return new PrimaryPlan(volume, disk, await run.DoAsync(Steps.InspectArrayVolume, new InspectArrayVolumeInput(disk.Iqn) { Taken = run.Request.Member?.Snapshot.SnapshotId }, run.Looking));
            },
            found => [AdmissionSlots.Array(found.Array.Volume.ClusterUuid), .. ByArray(run, found.Array.Volume)]);
        run.Board.Show(status => status with { DiskBytes = plan.Disk.VirtualSizeBytes, Waiting = null });
        await run.ProjectAsync();
        return plan;
    }

    private static async Task<CloudStackVolume> ResolveAsync(SnapshotRun run)
    {
        var request = run.Request;
        var volume = request.ArraySource is { } source
            ? await run.DoAsync(Steps.ResolveArrayVolume, new ResolveArrayVolumeInput(source) { Snapshot = request.Key }, run.Looking)
            : await run.DoAsync(Steps.ResolveVolume, new ResolveVolumeInput(request.VolumeId) { Accounts = request.Accounts, Snapshot = request.Key }, run.Looking);
        if (request.Accounts is { } accounts && !AccountScope.Covers(accounts, volume.DomainId, volume.Account)) throw new StepFaultException(AccountFaults.NoVolume(request.VolumeId));

        run.Volume = volume;
        if (request.Quiesce != QuiesceMode.None && volume.VmId is null)
        {
            throw new StepFaultException(new StepFault(
                "quiesce.detached", FaultKind.Rejected, $"Volume {volume.Name} is attached to no VM, so there is no guest to quiesce.", "Ask for quiesce 'none'."));
        }

        if (request.AdoptSnapshotId is { } adopted) await run.DoAsync(Steps.ResolveSnapshot, new ResolveSnapshotInput(adopted, volume.Id), run.Looking);
        return volume;
    }

    private static int Priority(SnapshotRun run) => run.Request.Policy is null ? AdmissionPriorities.Person : AdmissionPriorities.Policy;

    /// <summary>A project's volume has no account. A group holds volume and account for its members.</summary>
    private static IReadOnlyList<string> FirstSlots(SnapshotRun run, CloudStackVolume volume) => run.Request.Member is not null
        ? []
        : AccountScope.Of(volume.DomainId, volume.Account) is { } account ? [AdmissionSlots.Volume(volume.Id), AdmissionSlots.Account(account)] : [AdmissionSlots.Volume(volume.Id)];

    /// <summary>The volume by its other name, where no group holds it.</summary>
    private static IReadOnlyList<string> ByArray(SnapshotRun run, ArrayVolume volume) =>
        run.Request.Member is not null && run.Context.IsAtLeast(WorkflowVersions.Renewed) ? [] : [AdmissionSlots.VolumeOf(volume)];

    private static async Task<SnapshotPlan> InspectAsync(SnapshotRun run, CloudStackVolume volume)
    {
        var request = run.Request;
        var disk = await run.DoAsync(Steps.InspectSource, new InspectSourceInput(volume), run.Looking);
        var taken = request.Member?.Snapshot.SnapshotId ?? (request.AdoptSnapshotId is null ? null : 0L);
        var array = await run.DoAsync(Steps.InspectArrayVolume, new InspectArrayVolumeInput(disk.Iqn) { Taken = taken }, run.Looking);
        var host = await run.DoAsync(Steps.ChooseCopyHost, new ChooseCopyHostInput(disk.SrUuid), run.Looking);
        var destination = await run.DoAsync(
            Steps.InspectDestination,
            new InspectDestinationInput(request.Destination, disk.VirtualSizeBytes, volume.ZoneId, volume.Id, request.Key) { Copy = request.Copy, Format = request.Format, SecondaryPath = request.SecondaryPath },
            run.Looking);
        return new SnapshotPlan(volume, disk, array, host, destination);
    }
}
