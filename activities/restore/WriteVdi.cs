using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Copies;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>
/// Writes the copy into a disk through its host, in one pass. A fresh disk gets what is not zero, and one that an earlier attempt may have begun is not used again; a disk that held something
/// gets every byte, so that writing it again is the same as writing it once. What it then holds, HashSource must tell.
/// Right before the write the disk must lie in the SR that this restore has attached: its uuid is also that of the volume once it is attached in CloudStack. Of a volume of CloudStack's the array must say
/// once more that it is one and that nobody but the copy host reaches it: reading the copy may have taken hours.
/// </summary>
[DurableTask(StepNames.WriteVdi)]
public sealed class WriteVdi(
    SolidFireArrays arrays, IXenServerPools pools, SecondaryDestinations destinations, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<WriteVdiInput, WriteReceipt>(execution)
{
    protected override async Task<WriteReceipt> ExecuteAsync(WriteVdiInput input, CancellationToken cancellation)
    {
        var (source, pool) = (input.Source, pools.Get(input.Pool));
        var vdi = await pool.Vdis.FindAsync(input.VdiUuid, cancellation)
            ?? throw new StepFaultException(new StepFault("restore.no-disk", FaultKind.NotFound, $"Disk {input.VdiUuid} is gone from pool {input.Pool}.", "Start again; find out who removed it."));
        if (vdi.VirtualBytes < source.DiskBytes)
            throw new StepFaultException(new StepFault("restore.target-too-small", FaultKind.Rejected, $"Disk {vdi.Uuid} has {vdi.VirtualBytes} bytes, the copy {source.DiskBytes}.", "Name a volume of at least the disk's size."));
        if (vdi.ReadOnly)
            throw new StepFaultException(new StepFault("restore.target-read-only", FaultKind.Rejected, $"Disk {vdi.Uuid} is read-only.", "Name a volume that can be written."));
        if (input.Fresh && intents.Find(input.Key, Roles.Write) is { } earlier && earlier.Marker == vdi.Uuid) throw Unknown(vdi, "an earlier attempt began to write it");
        await RequireIdleAsync(pool, vdi, cancellation);

        var destination = destinations.Get(source.Copy.Destination);
        await RequireKeptAsync(destination.Store, source.Copy, cancellation);
        var manifest = await new ManifestStore(destination.Store).ReadAsync(source.Copy.Manifest, cancellation);
        await using var copy = await CopyDisk.OpenAsync(destination, manifest, time, cancellation);
        if (copy.DiskBytes != source.DiskBytes || manifest.Root != source.Root)
            throw new StepFaultException(new StepFault("restore.copy-damaged", FaultKind.Corrupt, $"The copy's disk has {copy.DiskBytes} bytes and the root {manifest.Root}; when the restore began its manifest said {source.DiskBytes} and {source.Root}.", "Restore another snapshot of the volume, and have this one verified."));
        await RequireOwnSrAsync(pool, vdi, input.Key, cancellation);
        if (input.Target is { } target) await new TargetProofs((await arrays.RequireAsync(target.Lun.Volume.ClusterUuid, cancellation)).Client).RequireOnlyHostAsync(target, cancellation);
        intents.Intend(input.Key, Roles.Write, "xenserver", pool.PoolName, vdi.Uuid);
        var began = time.GetTimestamp();
        var label = input.Key.NameFor(Roles.Import);
        var sent = input.Fresh ? await WriteVhdAsync(pool, vdi, copy, label, cancellation) : await WriteRawAsync(pool, vdi, copy, label, cancellation);
        intents.Made(input.Key, Roles.Write, vdi.Uuid);
        return new WriteReceipt(sent, time.GetElapsedTime(began).TotalSeconds);
    }

    /// <summary>A step that runs once more after the volume was handed back (a node that was taken for dead, a hub from an old copy) finds the disk in another's SR.</summary>
    private async Task RequireOwnSrAsync(XenServerClient pool, Vdi vdi, RequestKey key, CancellationToken cancellation)
    {
        var sr = await pool.Srs.FindAsync(vdi.Sr, cancellation);
        if (sr?.NameLabel == key.NameFor(Roles.Sr) && marker.IsOn(name => sr.OtherConfig.GetValueOrDefault(name), key, Roles.Sr)) return;
        throw new StepFaultException(new StepFault(
            "restore.disk-elsewhere", FaultKind.Conflict, $"Disk {vdi.Uuid} lies in SR {sr?.NameLabel ?? vdi.Sr.Value}, not in this restore's own; nothing was written.", "Detach the volume in CloudStack if it is still to be restored, and start again."));
    }

    /// <summary>A deletion that began before this restore had its slots is not stopped by them, so it is looked for before the first write.</summary>
    private static async Task RequireKeptAsync(ISecondaryStore store, StoredCopy copy, CancellationToken cancellation)
    {
        if (await store.FindAsync(SnapshotLocations.Tombstone(SnapshotLocations.AddressOf(copy.Manifest)), cancellation) is null) return;
        throw new StepFaultException(new StepFault(
            "snapshot.deleting", FaultKind.Transient, $"The deletion of snapshot {copy.Snapshot.Uuid} has begun; nothing was written.", "The deletion may give way; else restore another snapshot of the volume."));
    }

    private async Task<long> WriteVhdAsync(XenServerClient pool, Vdi vdi, CopyDisk copy, string label, CancellationToken cancellation)
    {
        await using var content = copy.OpenVhd(Guid.Parse(vdi.Uuid));
        try
        {
            await ImportAsync(pool, vdi, VdiExportFormat.Vhd, content, content.Length, label, cancellation);
        }
        catch (XenApiException broken) when (broken.Kind == XenApiErrorKind.Reconcile)
        {
            throw StoreFault(broken) ?? Unknown(vdi, broken.Message, broken);
        }

        return content.Length;
    }

    private async Task<long> WriteRawAsync(XenServerClient pool, Vdi vdi, ISparseDisk disk, string label, CancellationToken cancellation)
    {
        await using var content = new SparseDiskStream(new PaddedDisk(disk, vdi.VirtualBytes));
        try
        {
            await ImportAsync(pool, vdi, VdiExportFormat.Raw, content, content.Length, label, cancellation);
        }
        catch (XenApiException broken) when (broken.Kind == XenApiErrorKind.Reconcile)
        {
            throw StoreFault(broken) ?? new StepFaultException(new StepFault(
                "restore.write-broken", FaultKind.Transient, $"The write into disk {vdi.Uuid} broke off: {broken.Message}", "Look at the copy pool if this repeats."), broken);
        }

        return content.Length;
    }

    private async Task ImportAsync(XenServerClient pool, Vdi vdi, VdiExportFormat format, Stream content, long bytes, string label, CancellationToken cancellation)
    {
        var reports = new ProgressReports(Execution, new RateMeter(StepNames.WriteVdi, bytes, time), time);
        await pool.ImportVdiAsync(vdi.Ref, format, content, bytes, label, new Forward(reports, bytes), cancellation, Execution.StopToken);
        await reports.FlushAsync();
    }

    /// <summary>The host ends an earlier write when its connection is gone; until then the disk is attached to its control domain.</summary>
    private static async Task RequireIdleAsync(XenServerClient pool, Vdi vdi, CancellationToken cancellation)
    {
        var attached = false;
        foreach (var vbd in vdi.Vbds) attached |= await pool.Vms.FindVbdAsync(vbd, cancellation) is { CurrentlyAttached: true };
        if (!attached && vdi.CurrentOperations.Count == 0) return;
        throw new StepFaultException(new StepFault(
            "restore.disk-busy", FaultKind.Busy, $"Disk {vdi.Uuid} is attached or worked on: an earlier write has not ended yet.", "Nothing: it ends by itself; look at the pool's tasks if it does not.", TimeSpan.FromSeconds(1)));
    }

    /// <summary>Where the copy could not be read, that is the fault: no other disk would be filled by it either.</summary>
    private static StepFaultException? StoreFault(XenApiException broken) =>
        broken.InnerException is SecondaryException store && FaultMap.Find(store) is { IsRetryable: false } fault ? new StepFaultException(fault, store) : null;

    private static StepFaultException Unknown(Vdi vdi, string why, Exception? inner = null) => new(
        new StepFault(FaultCodes.CopyOutcomeUnknown, FaultKind.Conflict, $"Disk {vdi.Uuid} cannot be used: {why}.", "The disk is destroyed. Look at the copy pool if this repeats."), inner);

    private sealed class Forward(ProgressReports reports, long total) : IProgress<long>
    {
        public void Report(long value) => reports.Report(new DiskProgress(value, total));
    }
}
