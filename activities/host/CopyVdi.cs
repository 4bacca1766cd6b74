using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>
/// Has the hypervisor copy the clone's VDI into the destination's (offload), watching its task to the end. After a crash the running task is adopted; where
/// no task tells how an earlier copy ended, the outcome is unknown and the destination is not used again.
/// </summary>
[DurableTask(StepNames.CopyVdi)]
public sealed partial class CopyVdi(
    IXenServerPools pools, IntentLedger intents, Marker marker, IOptions<CopyOptions> options, TimeProvider time, ILogger<CopyVdi> logger, IActivityExecution execution)
    : StepActivity<CopyVdiInput, CopyReceipt>(execution)
{
    protected override async Task<CopyReceipt> ExecuteAsync(CopyVdiInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool);
        var destination = await pool.Vdis.FindAsync(input.DestinationVdiUuid, cancellation) ?? throw Unknown(input, "the destination disk is gone");
        var task = await AdoptOrStartAsync(pool, input, destination, cancellation);
        var began = time.GetTimestamp();
        await WatchAsync(pool, input, task, cancellation);
        await pool.Tasks.DestroyAsync(task, cancellation);
        intents.Gone(input.Key, Roles.CopyTask);
        return new CopyReceipt(input.DestinationVdiUuid, input.VirtualSizeBytes, time.GetElapsedTime(began).TotalSeconds);
    }

    private async Task<OpaqueRef> AdoptOrStartAsync(XenServerClient pool, CopyVdiInput input, Vdi destination, CancellationToken cancellation)
    {
        if (await new DestinationVdis(pool, marker).FindCopyAsync(input.Key, destination, cancellation) is { } running)
        {
            CopyAdopted(logger, input.DestinationVdiUuid, running.Progress);
            await MarkAsync(pool, input, running.Ref, running.OtherConfig, cancellation);
            return running.Ref;
        }

        if (intents.Find(input.Key, Roles.CopyTask) is { } earlier && earlier.Marker == input.DestinationVdiUuid)
        {
            throw Unknown(input, "an earlier copy into it was begun and no task tells how it ended");
        }

        var source = await pool.Vdis.FindAsync(input.SourceVdiUuid, cancellation)
            ?? throw new StepFaultException(new StepFault("copy.no-source", FaultKind.NotFound, $"The clone's VDI {input.SourceVdiUuid} is gone from pool {input.Pool}.", "Start again; find out who removed it."));
        intents.Intend(input.Key, Roles.CopyTask, "xenserver", input.Pool, input.DestinationVdiUuid);
        var task = await pool.Vdis.StartCopyAsync(source.Ref, destination.Sr, destination.Ref, cancellation);
        await MarkAsync(pool, input, task, new Dictionary<string, string>(StringComparer.Ordinal), cancellation);
        return task;
    }

    /// <summary>The mark comes after the task, for the call gives no place for it; until then the VDI's current operations lead to the task.</summary>
    private async Task MarkAsync(XenServerClient pool, CopyVdiInput input, OpaqueRef task, IReadOnlyDictionary<string, string> present, CancellationToken cancellation)
    {
        var marks = marker.OtherConfig(input.Key, Roles.CopyTask);
        marks[DestinationVdis.VdiName] = input.DestinationVdiUuid;
        foreach (var (name, value) in marks)
        {
            if (present.ContainsKey(name)) continue;
            try
            {
                await pool.Tasks.AddToOtherConfigAsync(task, name, value, cancellation);
            }
            catch (XenApiException done) when (done.Kind is XenApiErrorKind.Conflict)
            {
                // An earlier attempt's call, whose answer was lost, had set it.
            }
        }
    }

    private async Task WatchAsync(XenServerClient pool, CopyVdiInput input, OpaqueRef reference, CancellationToken cancellation)
    {
        var rate = new RateMeter(StepNames.CopyVdi, input.VirtualSizeBytes, time);
        var stall = new StallWatch(options.Value.StallLimit, time);
        while (true)
        {
            var task = await pool.Tasks.FindAsync(reference, cancellation) ?? throw Unknown(input, "its task is gone");
            if (task.Status == XenTaskStatus.Success) return;
            if (task.FindFailure() is { } failure) throw Failed(input, failure);
            await Execution.ReportProgressAsync(rate.At((long)(task.Progress * input.VirtualSizeBytes)));
            if (stall.IsOver(task.Progress)) throw Unknown(input, $"it made no progress for {options.Value.StallLimit}");
            await Task.Delay(options.Value.PollInterval, time, cancellation);
        }
    }

    private static StepFaultException Failed(CopyVdiInput input, XenApiException failure) => failure.Kind is XenApiErrorKind.Full or XenApiErrorKind.Permanent or XenApiErrorKind.PermissionDenied
        ? new StepFaultException(FaultMap.Find(failure)!, failure)
        : Unknown(input, failure.Message, failure);

    private static StepFaultException Unknown(CopyVdiInput input, string why, Exception? inner = null) => new(
        new StepFault(FaultCodes.CopyOutcomeUnknown, FaultKind.Conflict, $"The copy into VDI {input.DestinationVdiUuid} cannot be used: {why}.", "Nothing: it is destroyed and copied anew; look at the copy pool if this repeats."), inner);

    [LoggerMessage(EventId = 3103, Level = LogLevel.Information, Message = "Adopted the running copy into VDI {VdiUuid} at {Progress:P0}")]
    private static partial void CopyAdopted(ILogger logger, string vdiUuid, double progress);
}
