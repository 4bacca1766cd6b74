namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Puts a volume back to a snapshot that is still on the array: by CloudStack, where the snapshot is CloudStack's; else by the array, only while the volume is detached or its VM is Stopped, no pool
/// has it plugged, no access group holds it and no host is logged in, all looked at again right before each try. What the volume held is saved on the array first: the way back. Until the array or
/// CloudStack is asked nothing is made, so there is nothing to undo but the slots; what was asked for and not answered is waited for, for as long as it can come, before they are given back.
/// </summary>
[DurableTask(nameof(RevertVolume))]
public sealed class RevertVolume : TaskOrchestrator<RevertVolumeInput, RevertedVolume>
{
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
            Show(run, fault);
            await run.UnwindAsync();
            if (run.Effect is { } effect)
            {
                fault = fault with { Message = $"{fault.Message} {effect}" };
                Show(run, fault);
            }

            await run.AuditAsync(fault.Kind == FaultKind.Cancelled ? "cancelled" : "failed", run.Effect is null ? fault.Code : $"{fault.Code}: {run.Effect}");
            run.Board.Show(status => status with { Step = null, Waiting = null, Ended = true });
            throw new StepFaultException(fault, failure);
        }

        await run.UnwindAsync();
        await run.AuditAsync("done", $"volume {reverted.VolumeId} by {reverted.By}{(reverted.SavedSnapshot is null ? "" : $", saved as {reverted.SavedSnapshot}")}");
        run.Board.Show(status => status with { State = RevertState.Reverted, Volume = reverted, Step = null, Waiting = null, Ended = true });
        return reverted;
    }

    private static void Show(RevertRun run, StepFault fault) =>
        run.Board.Show(status => status with { State = RevertState.Error, Failure = fault.Ending(status.Failure?.Step ?? status.Step ?? ""), Waiting = null });

    private static async Task<RevertedVolume> MakeAsync(RevertRun run)
    {
        var source = await run.DoAsync(Steps.FindRevert, new FindRevertInput(run.Request.Snapshot), run.Looking);
        IReadOnlyList<string> slots = [AdmissionSlots.Volume(source.VolumeId), .. source.Array is { } volume ? [AdmissionSlots.VolumeOf(volume)] : Array.Empty<string>()];
        await run.AdmitPlanAsync("", slots, AdmissionPriorities.Restore, () => InspectAsync(run, source), _ => []);
        run.Board.Show(status => status with { State = RevertState.Reverting, Waiting = null });
        return source.CloudStackSnapshotId is { } snapshot ? await run.RevertByCloudStackAsync(source, snapshot) : await run.RevertByArrayAsync(source, source.Array!);
    }

    private static async Task<bool> InspectAsync(RevertRun run, RevertSource source)
    {
        await run.InspectAsync(source, forward: false);
        return true;
    }
}
