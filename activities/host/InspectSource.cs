using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Finds the volume's disk in its pool: the SR that CloudStack labelled <c>/&lt;iqn&gt;/0</c> with exactly one managed VDI and no VDI snapshot. Makes nothing.</summary>
[DurableTask(StepNames.InspectSource)]
public sealed class InspectSource(IXenServerPools pools, IActivityExecution execution) : StepActivity<InspectSourceInput, SourceDisk>(execution)
{
    protected override async Task<SourceDisk> ExecuteAsync(InspectSourceInput input, CancellationToken cancellation)
    {
        var volume = input.Volume;
        if (TryIqn(volume.Path) is { } detached)
        {
            // CloudStack forgets the SR of a detached volume: the array and the clone tell the rest.
            return new SourceDisk(Pool: "", SrUuid: "", detached, VdiUuid: "", volume.SizeBytes, VmUuid: null);
        }

        foreach (var name in pools.Names)
        {
            var pool = pools.Get(name);
            if (await pool.Vdis.FindAsync(volume.Path, cancellation) is not { } vdi || await pool.Srs.FindAsync(vdi.Sr, cancellation) is not { } sr) continue;

            // A clone of ours bears the same VDI uuid while it is introduced: only CloudStack's own SR counts.
            if (TryIqn(sr.NameLabel) is not { } iqn) continue;
            await RequireOneDiskAsync(pool, sr, vdi, volume, cancellation);
            return new SourceDisk(name, sr.Uuid, iqn, vdi.Uuid, vdi.VirtualBytes, await FindVmAsync(pool, vdi, cancellation));
        }

        throw Refusal(
            "source.not-found", FaultKind.NotFound, $"No configured pool has VDI {volume.Path} of volume {volume.Name} in an SR that CloudStack made for managed storage.",
            "Check that the volume is on managed storage (one LUN for it alone) and that its pool is listed under XenServer:Pools. While a volume is detached no pool may have it: attach it, or name it by solidFireVolumeId, as an operator.");
    }

    private static async Task RequireOneDiskAsync(XenServerClient pool, Sr sr, Vdi vdi, CloudStackVolume volume, CancellationToken cancellation)
    {
        // The SR's row names its disks: where that is the one whose row was just read, nothing more is asked.
        var managed = sr.Vdis is [var single] && single == vdi.Ref ? [vdi] : await pool.Vdis.ListAsync(sr.Ref, cancellation);
        managed = [.. managed.Where(other => other.Managed)];
        if (managed.Any(other => other.IsASnapshot))
        {
            throw Refusal(
                "source.vdi-snapshot", FaultKind.Rejected, $"The SR of volume {volume.Name} holds a VDI snapshot, so a copy of its one disk would not be the whole truth.",
                "Delete the VM snapshot that made it, then ask again.");
        }

        if (managed.Count != 1 || managed[0].Uuid != vdi.Uuid)
        {
            throw Refusal(
                "source.not-alone", FaultKind.Rejected, $"The SR of volume {volume.Name} holds {managed.Count} disks; managed storage has exactly one per LUN.",
                "Find out who put the others there, and take them away.");
        }
    }

    private static async Task<string?> FindVmAsync(XenServerClient pool, Vdi vdi, CancellationToken cancellation)
    {
        foreach (var reference in vdi.Vbds)
        {
            if (await pool.Vms.FindVbdAsync(reference, cancellation) is { CurrentlyAttached: true } vbd
                && await pool.Vms.FindAsync(vbd.Vm, cancellation) is { IsControlDomain: false } vm)
            {
                return vm.Uuid;
            }
        }

        return null;
    }

    /// <summary>CloudStack's form of a managed LUN: <c>/&lt;iqn&gt;/&lt;lun&gt;</c>.</summary>
    private static string? TryIqn(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 3 && parts[0].Length == 0 && parts[1].StartsWith("iqn.", StringComparison.OrdinalIgnoreCase) ? parts[1] : null;
    }

    private static StepFaultException Refusal(string code, FaultKind kind, string message, string remedy) => new(new StepFault(code, kind, message, remedy));
}
