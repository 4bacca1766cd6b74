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
    private static readonly Dictionary<string, string> s_none = [];
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_reportInterval = TimeSpan.FromMilliseconds(500);

    protected override async Task<CopyReceipt> ExecuteAsync(CopyVdiInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool);
        var began = time.GetTimestamp();
        var begun = BegunCopy.Find(intents, input.Key)?.Of(input.DestinationVdiUuid);
        if (begun is not { Whole: true, Task: { } task })
        {
            task = begun is null ? await BeginAsync(pool, input, cancellation) : await AdoptAsync(pool, input, begun, cancellation);

            // Noted before the task's row goes: without the row nothing else would tell that the copy is whole.
            BegunCopy.Note(intents, input.Key, task, whole: true);
        }

        await pool.Tasks.DestroyAsync(task, cancellation);
        intents.Gone(input.Key, Roles.CopyTask);
        return new CopyReceipt(input.DestinationVdiUuid, input.VirtualSizeBytes, time.GetElapsedTime(began).TotalSeconds);
    }

    private async Task<OpaqueRef> BeginAsync(XenServerClient pool, CopyVdiInput input, CancellationToken cancellation)
    {
        var destination = await pool.Vdis.FindAsync(input.DestinationVdiUuid, cancellation) ?? throw Unknown(input, "the destination disk is gone");
        // The disk was made a moment ago, and the ledger tells so. One that does not know it is from before (restored from a copy), and knows of no copy into it either.
        var isKnown = intents.Find(input.Key, Roles.DestinationVdi)?.ObjectId == input.DestinationVdiUuid;
        if (isKnown && destination.CurrentOperations.Count == 0) return await StartAsync(pool, input, destination, cancellation);
        intents.Intend(input.Key, Roles.CopyTask, "xenserver", input.Pool, input.DestinationVdiUuid);
        return await AdoptAsync(pool, input, new BegunCopy(input.DestinationVdiUuid, Task: null, Whole: false), cancellation);
    }

    private async Task<OpaqueRef> StartAsync(XenServerClient pool, CopyVdiInput input, Vdi destination, CancellationToken cancellation)
    {
        var source = await pool.Vdis.FindAsync(input.SourceVdiUuid, cancellation)
            ?? throw new StepFaultException(new StepFault("copy.no-source", FaultKind.NotFound, $"The clone's VDI {input.SourceVdiUuid} is gone from pool {input.Pool}.", "Start again; find out who removed it."));
        intents.Intend(input.Key, Roles.CopyTask, "xenserver", input.Pool, input.DestinationVdiUuid);
        var task = await pool.Vdis.StartCopyAsync(source.Ref, destination.Sr, destination.Ref, Execution.StopToken);
        BegunCopy.Note(intents, input.Key, task, whole: false);
        await WatchAsync(pool, input, task, s_none, cancellation);
        return task;
    }

    private async Task<OpaqueRef> AdoptAsync(XenServerClient pool, CopyVdiInput input, BegunCopy begun, CancellationToken cancellation)
    {
        XenTask? running;
        if (begun.Task is { } known)
        {
            running = await pool.Tasks.FindAsync(known, cancellation);
        }
        else
        {
            var destination = await pool.Vdis.FindAsync(input.DestinationVdiUuid, cancellation) ?? throw Unknown(input, "the destination disk is gone");
            running = await new DestinationVdis(pool, marker).FindCopyAsync(input.Key, destination, known: null, cancellation);
        }

        if (running is null) throw Unknown(input, "an earlier copy into it was begun and no task tells how it ended");
        CopyAdopted(logger, input.DestinationVdiUuid, running.Progress);
        await WatchAsync(pool, input, running.Ref, running.OtherConfig, cancellation);
        return running.Ref;
    }

    /// <summary>
    /// The mark comes after the task, for the call gives no place for it. It is for whoever has lost the ledger, so a copy goes on without it, and the mark is tried again.
    /// </summary>
    private async Task<bool> TryMarkAsync(XenServerClient pool, CopyVdiInput input, OpaqueRef task, IReadOnlyDictionary<string, string> present, CancellationToken cancellation)
    {
        var marks = marker.OtherConfig(input.Key, Roles.CopyTask);
        marks[DestinationVdis.VdiName] = input.DestinationVdiUuid;
        if (marks.Keys.All(present.ContainsKey)) return true;
        try
        {
            await pool.Tasks.SetOtherConfigAsync(task, new Dictionary<string, string>(present.Concat(marks.Where(mark => !present.ContainsKey(mark.Key))), StringComparer.Ordinal), cancellation);
            return true;
        }
        catch (XenApiException failure) when (failure.Kind is XenApiErrorKind.Transient or XenApiErrorKind.Reconcile or XenApiErrorKind.NotFound)
        {
            CopyUnmarked(logger, input.DestinationVdiUuid, failure.Code);
            return false;
        }
    }

    private async Task WatchAsync(XenServerClient pool, CopyVdiInput input, OpaqueRef reference, IReadOnlyDictionary<string, string> present, CancellationToken cancellation)
    {
        var rate = new RateMeter(StepNames.CopyVdi, input.VirtualSizeBytes, time);
        var stall = new StallWatch(options.Value.StallLimit, time);
        var reported = time.GetTimestamp();
        var marked = false;
        for (var pause = Shorter(s_firstPause); ; pause = Shorter(pause * 1.5))
        {
            marked = marked || await TryMarkAsync(pool, input, reference, present, cancellation);
            var task = await pool.Tasks.FindAsync(reference, cancellation) ?? throw Unknown(input, "its task is gone");
            if (task.Status == XenTaskStatus.Success) return;
            if (task.FindFailure() is { } failure) throw Failed(input, failure);
            if (time.GetElapsedTime(reported) >= s_reportInterval)
            {
                reported = time.GetTimestamp();
                await Execution.ReportProgressAsync(rate.At((long)(task.Progress * input.VirtualSizeBytes)));
            }

            if (stall.IsOver(task.Progress)) throw Unknown(input, $"it made no progress for {options.Value.StallLimit}");
            await Task.Delay(pause, time, cancellation);
        }

        // A copy of little takes less than a second, one of much hours.
        TimeSpan Shorter(TimeSpan wanted) => wanted < options.Value.PollInterval ? wanted : options.Value.PollInterval;
    }

    private static StepFaultException Failed(CopyVdiInput input, XenApiException failure) => failure.Kind is XenApiErrorKind.Full or XenApiErrorKind.Permanent or XenApiErrorKind.PermissionDenied
        ? new StepFaultException(FaultMap.Find(failure)!, failure)
        : Unknown(input, failure.Message, failure);

    private static StepFaultException Unknown(CopyVdiInput input, string why, Exception? inner = null) => new(
        new StepFault(FaultCodes.CopyOutcomeUnknown, FaultKind.Conflict, $"The copy into VDI {input.DestinationVdiUuid} cannot be used: {why}.", "The disk is destroyed. Look at the copy pool if this repeats."), inner);

    [LoggerMessage(EventId = 3103, Level = LogLevel.Information, Message = "Adopted the running copy into VDI {VdiUuid} at {Progress:P0}")]
    private static partial void CopyAdopted(ILogger logger, string vdiUuid, double progress);

    [LoggerMessage(EventId = 3119, Level = LogLevel.Information, Message = "The copy into VDI {VdiUuid} goes on without its mark for now: {Code}")]
    private static partial void CopyUnmarked(ILogger logger, string vdiUuid, string code);
}
