namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Puts a volume back to a snapshot that is still on the array: by CloudStack, where the snapshot is CloudStack's; else by the array, only while the volume is detached or its VM is Stopped, no pool
/// has it plugged, no access group holds it and no host is logged in, all looked at again right before. What the volume held is saved on the array first: the way back. Until the array or CloudStack
/// is asked nothing is made, so there is nothing to undo but the slots.
/// </summary>
[DurableTask(nameof(RevertVolume))]
public sealed class RevertVolume : TaskOrchestrator<RevertVolumeInput, RevertedVolume>
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromHours(1);

    public override async Task<RevertedVolume> RunAsync(TaskOrchestrationContext context, RevertVolumeInput input)
    {
        var run = new RevertRun(context, input);
        RevertedVolume reverted;
        try
        {
            reverted = await MakeAsync(run);
        }
        catch (Exception failure)
        {
            var fault = failure is StepFaultException known ? known.Fault : Faults.Defect(failure);
            run.Board.Show(status => status with { State = RevertState.Error, Failure = new StepNotice(fault.Code, fault.Message, fault.Remedy, status.Step ?? ""), Waiting = null });
            await run.UnwindAsync();
            await run.AuditAsync(fault.Kind == FaultKind.Cancelled ? "cancelled" : "failed", fault.Code);
            run.Board.Show(status => status with { Step = null, Waiting = null, Ended = true });
            throw new StepFaultException(fault, failure);
        }

        await run.UnwindAsync();
        await run.AuditAsync("done", $"volume {reverted.VolumeId} by {reverted.By}{(reverted.SavedSnapshot is null ? "" : $", saved as {reverted.SavedSnapshot}")}");
        run.Board.Show(status => status with { State = RevertState.Reverted, Volume = reverted, Step = null, Waiting = null, Ended = true });
        return reverted;
    }

    private static async Task<RevertedVolume> MakeAsync(RevertRun run)
    {
        var source = await run.DoAsync(Steps.FindRevert, new FindRevertInput(run.Request.Snapshot), run.Looking);
        IReadOnlyList<string> slots = [AdmissionSlots.Volume(source.VolumeId), .. source.Array is { } volume ? [AdmissionSlots.VolumeOf(volume)] : Array.Empty<string>()];
        await run.AdmitPlanAsync("", slots, AdmissionPriorities.Restore, () => InspectAsync(run, source), _ => []);
        run.Board.Show(status => status with { State = RevertState.Reverting, Waiting = null });
        return source.CloudStackSnapshotId is { } snapshot ? await ByCloudStackAsync(run, source, snapshot) : await ByArrayAsync(run, source, source.Array!);
    }

    private static async Task<string?> InspectAsync(RevertRun run, RevertSource source)
    {
        await run.DoAsync(Steps.ProveStopped, new ProveStoppedInput(source.VolumeId), run.Looking);
        if (source.CloudStackSnapshotId is not null) return null;
        var plan = await run.DoAsync(Steps.InspectRollBack, new InspectRollBackInput(run.Request.Snapshot, source.Group, source.Array!), run.Looking);
        await run.DoAsync(Steps.ProveUnplugged, new ProveUnpluggedInput(run.Request.Key, plan.Iqn, VdiUuid: null), run.Looking);
        return plan.Iqn;
    }

    private static async Task<RevertedVolume> ByArrayAsync(RevertRun run, RevertSource source, ArrayVolume volume)
    {
        // Minutes may have passed in a queue: the same once more, and then at once.
        await InspectAsync(run, source);
        run.Cancellation.ThrowIfWished();
        var receipt = await run.DoUncancelledAsync(Steps.RollBack, new RollBackInput(run.Request.Key, run.Request.Snapshot, source.Group, volume), StepPolicy.Commit);
        return new RevertedVolume(source.VolumeId, "array", receipt.SavedSnapshot, receipt.SavedUntil);
    }

    private static async Task<RevertedVolume> ByCloudStackAsync(RevertRun run, RevertSource source, string snapshot)
    {
        run.Cancellation.ThrowIfWished();
        var job = await run.DoUncancelledAsync(Steps.StartCloudRevert, new CloudRevertInput(run.Request.Key, snapshot), StepPolicy.Commit);
        var deadline = run.Context.CurrentUtcDateTime + s_deadline;
        for (var wait = TimeSpan.FromSeconds(1); ; wait = wait < TimeSpan.FromSeconds(10) ? wait * 1.5 : wait)
        {
            var check = await run.DoUncancelledAsync(Steps.CheckCloudRevert, new CloudRevertJob(run.Request.Key, job), StepPolicy.Commit);
            if (check.Ended) return new RevertedVolume(source.VolumeId, "cloudstack", SavedSnapshot: null, SavedUntil: null);
            if (run.Context.CurrentUtcDateTime > deadline)
            {
                throw new StepFaultException(new StepFault(
                    "revert.deadline", FaultKind.Rejected, $"CloudStack's job {job} has not ended within {s_deadline}.", "Look at the management server: the job may still end, and the volume may hold either state."));
            }

            await run.Context.CreateTimer(wait, CancellationToken.None);
        }
    }
}
