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
        var progress = new ProgressReports(Execution, new RateMeter(StepNames.HashSource, input.VirtualSizeBytes, time), time);
        if (input.HashedBytes is { } hashed && hashed < vdi.VirtualBytes) return await PrefixAsync(pool, vdi, hashed, input, progress, cancellation);
        await using var export = await pool.OpenVdiExportAsync(vdi, VdiExportFormat.Vhd, input.Key.NameFor(Roles.Export), cancellation, Execution.StopToken);
        var digest = await DiskHasher.ComputeFromVhdStreamAsync(export, DiskHashOptions.Default, progress, cancellation);
        await progress.FlushAsync();
        return new ContentReceipt(digest.Root.ToString(), digest.DiskBytes, digest.NonZeroBytes, export.BytesRead);
    }

    /// <summary>A disk that is larger than what it is to hold: the root of the beginning, and nothing but zeros behind it.</summary>
    private async Task<ContentReceipt> PrefixAsync(XenServerClient pool, Vdi vdi, long hashed, HashSourceInput input, ProgressReports progress, CancellationToken cancellation)
    {
        await using var export = await pool.OpenVdiExportAsync(vdi, VdiExportFormat.Raw, input.Key.NameFor(Roles.Export), cancellation, Execution.StopToken);
        var digest = await DiskHasher.ComputePrefixAsync(export, hashed, DiskHashOptions.Default, progress, cancellation);
        var buffer = new byte[1 << 20];
        for (int read; (read = await export.ReadAsync(buffer, cancellation)) > 0;)
        {
            if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
                throw new StepFaultException(new StepFault("verify.tail", FaultKind.Corrupt, $"Disk {vdi.Uuid} holds something behind byte {hashed}, where zeros must be.", "Look at the copy host, then start again."));
        }

        await progress.FlushAsync();
        return new ContentReceipt(digest.Root.ToString(), digest.DiskBytes, digest.NonZeroBytes, export.BytesRead);
    }
}
