namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Puts a copy of the catalog on secondary storage, where it outlives this machine, and lets old ones go.</summary>
[DurableTask(nameof(BackupLedger))]
public sealed class BackupLedger : TaskOrchestrator<BackupLedgerInput, BackedUpLedger>
{
    public override async Task<BackedUpLedger> RunAsync(TaskOrchestrationContext context, BackupLedgerInput input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        if (await context.HeldUpAsync() is { } held)
        {
            board.Note(held);
            return new BackedUpLedger(new LedgerCopy(null, 0), 0);
        }

        var copy = await runner.RunAsync(Steps.CopyLedger, new CopyLedgerInput(Times.Utc(context.CurrentUtcDateTime)), StepPolicy.Work);
        if (copy.Name is null) return new BackedUpLedger(copy, 0);
        var removed = await runner.RunAsync(Steps.TrimLedgerBackups, copy, StepPolicy.Work);
        await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "ledger.backup", copy.Name, "done", $"{copy.Bytes} bytes, {removed} old ones removed"), board.Stuck);
        board.Ended();
        return new BackedUpLedger(copy, removed);
    }
}
