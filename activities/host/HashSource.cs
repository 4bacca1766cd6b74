using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Reads the clone by a second path, the pool's export, and takes its root: what the copy must have, whoever made it.</summary>
[DurableTask(StepNames.HashSource)]
public sealed class HashSource(IXenServerPools pools, TimeProvider time, IActivityExecution execution) : StepActivity<HashSourceInput, ContentReceipt>(execution)
{
    protected override async Task<ContentReceipt> ExecuteAsync(HashSourceInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool);
        var vdi = await pool.Vdis.FindAsync(input.VdiUuid, cancellation)
            ?? throw new StepFaultException(new StepFault("verify.no-source", FaultKind.NotFound, $"The clone's VDI {input.VdiUuid} is gone from pool {input.Pool}.", "Start again; find out who removed it."));
        await using var export = await pool.OpenVdiExportAsync(vdi.Ref, VdiExportFormat.Vhd, cancellation, input.Key.NameFor("export"));
        var progress = new ProgressReports(Execution, new RateMeter(StepNames.HashSource, input.VirtualSizeBytes, time), time);
        var digest = await DiskHasher.ComputeFromVhdStreamAsync(export, DiskHashOptions.Default, progress, cancellation);
        await progress.FlushAsync();
        return new ContentReceipt(digest.Root.ToString(), digest.DiskBytes, digest.NonZeroBytes, export.BytesRead);
    }
}
