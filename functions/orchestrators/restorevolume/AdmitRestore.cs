namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Looks at copy, target and host, makes nothing, and refuses what cannot end well.</summary>
internal static class AdmitRestore
{
    public static async Task<RestorePlan> AdmitRestoreAsync(this RestoreRun run)
    {
        var source = await run.DoAsync(Steps.InspectCopy, new InspectCopyInput(run.Request.Snapshot) { Overwrites = run.Request.TargetVolumeId is not null }, run.Looking);
        var account = AccountScope.Of(source.DomainId, source.Account) ?? "";
        List<string> first = [];
        if (run.Request.TargetVolumeId is { } target) first.Add(AdmissionSlots.Volume(target));
        if (account.Length > 0) first.Add(AdmissionSlots.Account(account));
        return await run.AdmitPlanAsync(
            account, first, AdmissionPriorities.Restore, () => InspectAsync(run, source),
            plan => [AdmissionSlots.Array(plan.ClusterUuid), AdmissionSlots.Host(plan.Host.HostUuid), AdmissionSlots.Store(source.Copy.Destination), .. plan.Lun is { } lun ? [AdmissionSlots.VolumeOf(lun.Volume)] : Array.Empty<string>()]);
    }

    private static async Task<RestorePlan> InspectAsync(RestoreRun run, RestoreSource source)
    {
        var request = run.Request;
        var host = await run.DoAsync(Steps.ChooseCopyHost, new ChooseCopyHostInput("") { Host = request.Host }, run.Looking);
        if (request.TargetVolumeId is null)
        {
            var name = request.Name ?? request.Key.NameFor("volume");
            var room = await run.DoAsync(Steps.InspectNewVolume, new InspectNewVolumeInput(request.Key, name, source.Copy.Array, request.AccountId, source.DiskBytes) { ClusterUuid = request.ClusterUuid }, run.Looking);
            return new RestorePlan(source, host, room, Target: null, Lun: null);
        }

        var target = await run.ResolveTargetAsync();
        if (target.SizeBytes < source.DiskBytes)
        {
            throw new StepFaultException(new StepFault(
                "restore.target-too-small", FaultKind.Rejected, $"Volume {target.Name} has {target.SizeBytes} bytes; the disk has {source.DiskBytes}.", "Name a volume of at least the disk's size."));
        }

        var lun = await run.DoAsync(Steps.FindTarget, new FindTargetInput(request.Key, target, source.DiskBytes), run.Looking);
        await run.DoAsync(Steps.ProveUnplugged, new ProveUnpluggedInput(request.Key, lun.Iqn, DiskOf(target)), run.Looking);
        return new RestorePlan(source, host, New: null, target, lun);
    }

    /// <summary>CloudStack's volume, detached and Ready: asked again before each write and before it is said to be restored.</summary>
    public static async Task<CloudStackVolume> ResolveTargetAsync(this RestoreRun run)
    {
        var target = await run.DoAsync(Steps.ResolveVolume, new ResolveVolumeInput(run.Request.TargetVolumeId!) { Accounts = run.Request.Accounts }, run.Looking);
        if (run.Request.Accounts is { } accounts && !AccountScope.Covers(accounts, target.DomainId, target.Account)) throw new StepFaultException(AccountFaults.NoVolume(run.Request.TargetVolumeId!));
        return target.VmId is null
            ? target
            : throw new StepFaultException(new StepFault(
                "restore.target-attached", FaultKind.Rejected, $"Volume {target.Name} is attached to {target.VmName ?? target.VmId}.", "Detach it in CloudStack, or name another volume; one that was attached while it was being filled must not be trusted."));
    }

    public static async Task ProveFreeAsync(this RestoreRun run, RestorePlan plan, string? vdiUuid)
    {
        await run.ResolveTargetAsync();
        await run.DoAsync(Steps.ProveUnplugged, new ProveUnpluggedInput(run.Request.Key, plan.Lun!.Iqn, vdiUuid ?? DiskOf(plan.Target!)), StepPolicy.Work);
    }

    /// <summary>The disk's uuid, where CloudStack's path is one and not the LUN's.</summary>
    public static string? DiskOf(CloudStackVolume volume) => Guid.TryParseExact(volume.Path, "D", out _) ? volume.Path : null;
}
