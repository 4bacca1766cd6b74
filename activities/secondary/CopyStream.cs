using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>
/// Carries the clone's disk to secondary storage through this service, in one pass: read (NBD where offered, else the export), hash, store. What an attempt before a crash had stored is not sent again. A cancelled or
/// stopped attempt leaves its parts where they are: the next one goes on with them, and the undo takes them away.
/// </summary>
[DurableTask(StepNames.CopyStream)]
public sealed partial class CopyStream(
    IXenServerPools pools, SecondaryDestinations destinations, IntentLedger intents, StreamFormats formats, IOptions<CopyOptions> options, TimeProvider time, ILogger<CopyStream> logger, IActivityExecution execution)
    : StepActivity<CopyStreamInput, StreamReceipt>(execution)
{
    protected override async Task<StreamReceipt> ExecuteAsync(CopyStreamInput input, CancellationToken cancellation)
    {
        var target = input.Target;
        var pool = pools.Get(input.Pool);
        var vdi = await pool.Vdis.FindAsync(input.VdiUuid, cancellation)
            ?? throw new StepFaultException(new StepFault("copy.no-source", FaultKind.NotFound, $"The clone's VDI {input.VdiUuid} is gone from pool {input.Pool}.", "Start again; find out who removed it."));
        intents.Intend(target.Key, Roles.Stream, "secondary", target.Destination, $"{target.Format}|{target.Folder}|{target.Location}");
        var began = time.GetTimestamp();
        var (copy, source) = await CopyAsync(pool, vdi.Ref, input, cancellation);
        intents.Made(target.Key, Roles.Stream, target.Location);
        return new StreamReceipt(copy.Location ?? target.Location, copy.Content, copy.SentBytes, copy.KeptBytes, time.GetElapsedTime(began).TotalSeconds) { Source = source };
    }

    private async Task<(StreamedCopy Copy, string Source)> CopyAsync(XenServerClient pool, OpaqueRef vdi, CopyStreamInput input, CancellationToken cancellation)
    {
        if (options.Value.Source != CopySources.Export)
        {
            try
            {
                await using var nbd = await CloneSource.OpenNbdAsync(pool, vdi, cancellation);
                return (await CopyAsync(nbd, input, cancellation), nbd.Name);
            }
            catch (XenApiException fault) when (fault.Code is XenApiErrors.NbdUnavailable or XenApiErrors.NbdBroken && options.Value.Source != CopySources.Nbd)
            {
                // What it had stored is not sent again: the bytes are the same, whoever brings them.
                ByExport(logger, input.VdiUuid, input.Pool, fault.Code);
            }
        }

        await using var export = await CloneSource.OpenExportAsync(pool, vdi, input.Target.Key, cancellation, Execution.StopToken);
        return (await CopyAsync(export, input, cancellation), export.Name);
    }

    private async Task<StreamedCopy> CopyAsync(CloneSource source, CopyStreamInput input, CancellationToken cancellation)
    {
        var progress = new ProgressReports(Execution, new RateMeter(StepNames.CopyStream, input.VirtualSizeBytes, time), time);
        var copy = await formats.Get(input.Target.Format).CopyAsync(destinations.Get(input.Target.Destination), input, source, progress, cancellation);
        await progress.FlushAsync();
        return copy;
    }

    [LoggerMessage(EventId = 3104, Level = LogLevel.Information, Message = "VDI {VdiUuid} of pool {Pool} is read by its export, not over NBD: {Code}")]
    private static partial void ByExport(ILogger logger, string vdiUuid, string pool, string code);
}
