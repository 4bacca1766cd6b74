namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The instant: everything is looked at first, for all volumes together, then one snapshot of all is taken.</summary>
internal static class TakeGroup
{
    /// <summary>CreateGroupSnapshot takes so many (Element API reference, GetLimits: volumesPerGroupSnapshotMax).</summary>
    private const int VolumesMax = 32;

    public static async Task<GroupTaken> TakeGroupAsync(this GroupRun run)
    {
        var request = run.Request;
        var ids = (await run.DoAsync(Steps.ListVmVolumes, new ListVmVolumesInput(request.VmId) { Accounts = request.Accounts }, run.Looking)).VolumeIds;
        if (ids.Count is 0 or > VolumesMax)
        {
            throw new StepFaultException(new StepFault(
                "group.volume-count", FaultKind.Rejected, $"VM {request.VmId} has {ids.Count} volumes; a group has 1 to {VolumesMax}.", "Take the snapshots of its volumes one by one."));
        }

        var volumes = new List<CloudStackVolume>();
        foreach (var id in ids) volumes.Add(await run.DoAsync(Steps.ResolveVolume, new ResolveVolumeInput(id) { Accounts = request.Accounts }, run.Looking));
        if (request.Accounts is { } accounts && volumes.Exists(volume => !AccountScope.Covers(accounts, volume.DomainId, volume.Account))) throw new StepFaultException(AccountFaults.NoVm(request.VmId));

        run.Volumes = volumes;
        run.Board.Show(status => status with { Members = new GroupMembers([.. volumes.Select(volume => new GroupMember(volume.Id, request.MemberOf(volume.Id).Uuid, SnapshotState.Allocated, null, null))]) });
        if (volumes is [var only])
        {
            if (request.PrimaryOnly) return new GroupTaken(Taken: null, Destination: "");
            var room = await InspectDestinationAsync(run, only, only.SizeBytes);
            run.Board.Show(status => status with { Destination = room.Destination });
            return new GroupTaken(Taken: null, room.Destination);
        }

        var account = AccountScope.Of(volumes[0].DomainId, volumes[0].Account) ?? "";
        IReadOnlyList<string> slots = [.. volumes.Select(volume => AdmissionSlots.Volume(volume.Id)), .. account.Length > 0 ? [AdmissionSlots.Account(account)] : Array.Empty<string>()];
        var plan = await run.AdmitPlanAsync(
            account, slots, request.Policy is null ? AdmissionPriorities.Person : AdmissionPriorities.Policy, () => InspectAsync(run),
            found => run.Context.IsAtLeast(WorkflowVersions.Renewed) ? [.. found.Volumes.Select(AdmissionSlots.VolumeOf)] : []);
        run.Board.Show(status => status with { Destination = request.PrimaryOnly ? null : plan.Destination, State = SnapshotState.Creating, Waiting = null });
        return await SnapshotAsync(run, plan);
    }

    /// <summary>
    /// Room, limits, host and rights of every volume, before anything is frozen. The places on array, host and store are not taken: a group may need more of them than there are at all. Its members wait for
    /// them, and what was taken is kept for them meanwhile.
    /// </summary>
    private static async Task<GroupPlan> InspectAsync(GroupRun run)
    {
        var arrays = new List<ArrayVolume>();
        var total = run.Volumes.Sum(volume => volume.SizeBytes);
        DestinationPlan? destination = null;
        FreezeInput? machine = null;
        foreach (var volume in run.Volumes)
        {
            var disk = await run.DoAsync(Steps.InspectSource, new InspectSourceInput(volume), run.Looking);
            var array = await run.DoAsync(Steps.InspectArrayVolume, new InspectArrayVolumeInput(disk.Iqn) { Clones = run.Request.PrimaryOnly ? null : run.Volumes.Count }, run.Looking);
            if (!run.Request.PrimaryOnly)
            {
                await run.DoAsync(Steps.ChooseCopyHost, new ChooseCopyHostInput(disk.SrUuid), run.Looking);
                destination ??= await InspectDestinationAsync(run, volume, total);
            }

            arrays.Add(array.Volume);
            if (run.Request.Quiesce != QuiesceMode.None) machine ??= Quiesced.MachineOf(run.Request.Key, run.Request.VmId, run.Request.Quiesce, disk);
        }

        if (arrays.Select(array => array.ClusterUuid).Distinct(StringComparer.OrdinalIgnoreCase).Count() > 1)
        {
            throw new StepFaultException(new StepFault(
                "group.several-arrays", FaultKind.Rejected, $"The volumes of VM {run.Request.VmId} lie on several arrays, and no snapshot spans arrays.", "Quiesce the VM and take the snapshots of its volumes one by one."));
        }

        return new GroupPlan(arrays, destination?.Destination ?? "", machine);
    }

    private static Task<DestinationPlan> InspectDestinationAsync(GroupRun run, CloudStackVolume volume, long needed)
    {
        var request = run.Request;
        return run.DoAsync(
            Steps.InspectDestination,
            new InspectDestinationInput(request.Destination, needed, volume.ZoneId, volume.Id, request.MemberOf(volume.Id)) { Copy = request.Copy, Format = request.Format },
            run.Looking);
    }

    private static async Task<GroupTaken> SnapshotAsync(GroupRun run, GroupPlan plan)
    {
        var request = run.Request;
        var wanted = new GroupSnapshotInput(request.Key, plan.Volumes, TakeSnapshot.Fuse);
        run.Undo.Push(Steps.DeleteGroupSnapshot, wanted);
        var (taken, consistency, frozenMs) = plan.Machine is { } machine
            ? await run.TakeQuiescedAsync(
                machine, freeze => run.DoAsync(Steps.CreateGroupSnapshot, wanted with { Freeze = freeze }, StepPolicy.Frozen), () => run.DoAsync(Steps.DeleteGroupSnapshot, wanted))
            : (await run.DoAsync(Steps.CreateGroupSnapshot, wanted), "crash", (double?)null);
        run.Board.Show(status => status with { State = SnapshotState.CreatedOnPrimary, TakenAt = taken.CreatedAt, Consistency = consistency, FrozenMs = frozenMs });
        return new GroupTaken([.. plan.Volumes.Select((volume, i) => new GroupMembership(request.Key, volume, taken.Members[i], consistency, frozenMs))], plan.Destination, taken.GroupSnapshotId);
    }
}
