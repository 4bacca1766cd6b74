namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Purges our deleted clones, each proven anew, once their hours are over or the array is pressed for space or volumes.</summary>
[DurableTask(nameof(PurgeDeleted))]
public sealed class PurgeDeleted : TaskOrchestrator<PurgeDeletedInput, PurgeDeletedResult>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(30);

    public override async Task<PurgeDeletedResult> RunAsync(TaskOrchestrationContext context, PurgeDeletedInput input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        var began = context.CurrentUtcDateTime;
        var found = await runner.RunAsync(Steps.FindPurgeable, new FindPurgeableInput(Times.Utc(began)), StepPolicy.Looking);
        var left = new List<SweepFailure>();
        var purged = 0;
        foreach (var clone in found.Clones)
        {
            if (context.CurrentUtcDateTime - began > Deadline) break;
            try
            {
                if (await runner.RunAsync(Steps.PurgeClone, clone, StepPolicy.Looking)) purged++;
            }
            catch (StepFaultException fault) when (fault.Fault.Kind != FaultKind.Cancelled)
            {
                left.Add(new SweepFailure(clone.Volume.ToString(), fault.Fault.Code, fault.Fault.Message));
            }
        }

        if (found.Clones.Count > 0)
        {
            await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "clones.purge", "array", left.Count == 0 ? "done" : "failed", $"{purged} purged, {left.Count} left{(found.Pressure is null ? "" : $"; {found.Pressure}")}"), board.Stuck);
        }

        board.Ended();
        return new PurgeDeletedResult(purged, found.Pressure, left);
    }
}
