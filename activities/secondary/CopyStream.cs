using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>
/// Carries the clone's disk to secondary storage through this service, in one pass: export, hash, store. What an attempt before a crash had stored is not sent again. A cancelled or
/// stopped attempt leaves its parts where they are: the next one goes on with them, and the undo takes them away.
/// </summary>
[DurableTask(StepNames.CopyStream)]
public sealed class CopyStream(
    IXenServerPools pools, SecondaryDestinations destinations, IntentLedger intents, StreamFormats formats, TimeProvider time, IActivityExecution execution)
    : StepActivity<CopyStreamInput, StreamReceipt>(execution)
{
    protected override async Task<StreamReceipt> ExecuteAsync(CopyStreamInput input, CancellationToken cancellation)
    {
        var target = input.Target;
        var format = formats.Get(target.Format);
        var pool = pools.Get(input.Pool);
        var vdi = await pool.Vdis.FindAsync(input.VdiUuid, cancellation)
            ?? throw new StepFaultException(new StepFault("copy.no-source", FaultKind.NotFound, $"The clone's VDI {input.VdiUuid} is gone from pool {input.Pool}.", "Start again; find out who removed it."));
        intents.Intend(target.Key, Roles.Stream, "secondary", target.Destination, target.Location);
        var began = time.GetTimestamp();
        var progress = new ProgressReports(Execution, new RateMeter(StepNames.CopyStream, input.VirtualSizeBytes, time), time);
        await using var export = await pool.OpenVdiExportAsync(vdi.Ref, VdiExportFormat.Vhd, cancellation, target.Key.NameFor("export"));
        var copy = await format.CopyAsync(destinations.Get(target.Destination).Store, input, export, progress, cancellation);
        await progress.FlushAsync();
        intents.Made(target.Key, Roles.Stream, target.Location);
        return new StreamReceipt(copy.Location ?? target.Location, copy.Content, copy.SentBytes, copy.KeptBytes, time.GetElapsedTime(began).TotalSeconds);
    }
}
