namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Makes up for what webhooks lose: asks CloudStack for all its snapshots and starts the copies that policies want and that there are not.</summary>
[DurableTask(nameof(Reconcile))]
public sealed class Reconcile : TaskOrchestrator<ReconcileInput, ReconcileResult>
{
    public override async Task<ReconcileResult> RunAsync(TaskOrchestrationContext context, ReconcileInput input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        var found = await runner.RunAsync(Steps.FindArrayOnly, new FindArrayOnlyInput(Times.Utc(context.CurrentUtcDateTime)), StepPolicy.Looking);
        var follows = found.Snapshots.Count > 0 ? await runner.RunAsync(Steps.StartFollows, new StartFollowsInput(found.Snapshots, "reconciliation"), StepPolicy.Looking) : new StartedFollows(0, 0, 0);
        if (follows.Started > 0)
        {
            await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "snapshots.reconcile", "cloudstack", "done", $"{found.Snapshots.Count} on the array only, {follows.Started} copies started"), board.Stuck);
        }

        board.Ended();
        return new ReconcileResult(found.Snapshots.Count, follows);
    }
}
