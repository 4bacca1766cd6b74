namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Puts the hold beside the manifest, where a lost catalog cannot forget it, or takes it away.</summary>
[DurableTask(nameof(HoldSnapshot))]
public sealed class HoldSnapshot : TaskOrchestrator<HoldSnapshotInput, HoldSnapshotResult>
{
    public override async Task<HoldSnapshotResult> RunAsync(TaskOrchestrationContext context, HoldSnapshotInput input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        var what = input.Hold ? "snapshot.hold" : "snapshot.release";
        try
        {
            var found = await runner.RunAsync(Steps.FindCopy, new FindCopyInput(input.Snapshot), StepPolicy.Work);
            var copy = found.Copy ?? throw new StepFaultException(new StepFault(
                "snapshot.gone", FaultKind.NotFound, $"Snapshot {input.Snapshot.Uuid} has no copy on secondary storage.", "Hold a snapshot that is BackedUp."));
            var hold = new HoldCopyInput(copy, input.Caller, input.Reason);
            await runner.RunUncancelledAsync(input.Hold ? Steps.PutHold : Steps.RemoveHold, hold, StepPolicy.Commit);
        }
        catch (StepFaultException refused)
        {
            await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, what, input.Snapshot.Uuid, "refused", refused.Fault.Code), board.Stuck);

            // Whoever asked was answered before, and looks at the snapshot.
            if (context.IsAtLeast(WorkflowVersions.Renewed))
                await runner.FinishAsync(Steps.MarkSnapshot, new MarkSnapshotInput(input.Snapshot) { Notice = refused.Fault.Ending(nameof(HoldSnapshot)) }, board.Stuck);
            throw;
        }

        await runner.FinishAsync(Steps.MarkSnapshot, new MarkSnapshotInput(input.Snapshot) { Held = input.Hold }, board.Stuck);
        await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, what, input.Snapshot.Uuid, "done", input.Reason), board.Stuck);
        board.Ended();
        return new HoldSnapshotResult(input.Snapshot.Uuid, input.Hold);
    }
}
