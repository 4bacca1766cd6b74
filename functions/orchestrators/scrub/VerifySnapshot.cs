namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Reads a copy whole and holds it against its manifest. A copy that is not what it should be is marked Damaged and counts no more; nothing is deleted. One that could not be read (a key that is
/// not among the settings, a file that is denied) is neither: it is told, and keeps nobody else from being read.
/// </summary>
[DurableTask(nameof(VerifySnapshot))]
public sealed class VerifySnapshot : TaskOrchestrator<VerifySnapshotInput, VerifiedSnapshot>
{
    private const string Gone = "gone";
    private const string Whole = "whole";
    private const string Damaged = "damaged";

    public override async Task<VerifiedSnapshot> RunAsync(TaskOrchestrationContext context, VerifySnapshotInput input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        try
        {
            var (verdict, detail) = await ReadAsync(runner, input);
            if (verdict != Gone)
            {
                var now = Times.Utc(context.CurrentUtcDateTime);
                await MarkAsync(verdict == Whole ? new MarkSnapshotInput(input.Snapshot) { LastProven = now } : new MarkSnapshotInput(input.Snapshot) { DamagedAt = now });
                await AuditAsync(verdict == Whole ? "done" : "failed", detail);
            }

            board.Ended();
            return new VerifiedSnapshot(input.Snapshot.Uuid, verdict, detail);
        }
        catch (StepFaultException unread) when (context.IsAtLeast(WorkflowVersions.Tried))
        {
            var cancelled = unread.Fault.Kind == FaultKind.Cancelled;
            if (!cancelled) await MarkAsync(new MarkSnapshotInput(input.Snapshot) { VerifyTriedAt = Times.Utc(context.CurrentUtcDateTime) });
            await AuditAsync(cancelled ? "cancelled" : "unread", unread.Fault.Code);
            throw;
        }

        Task<bool> MarkAsync(MarkSnapshotInput mark) => runner.FinishAsync(Steps.MarkSnapshot, mark, board.Stuck);

        Task<bool> AuditAsync(string outcome, string? detail) =>
            runner.FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "snapshot.verify", input.Snapshot.Uuid, outcome, detail), board.Stuck);
    }

    private static async Task<(string Verdict, string? Detail)> ReadAsync(StepRunner runner, VerifySnapshotInput input)
    {
        var find = new FindCopyInput(input.Snapshot);
        try
        {
            var expected = await runner.RunAsync(Steps.FindExpected, find, StepPolicy.Work);
            if (expected.Missing) return (Damaged, "manifest.missing: Its manifest is not on the store any more.");
            if (expected.Copy is not { } copy) return (Gone, "There is no copy that could be read.");
            await runner.RunAsync(Steps.VerifyCopy, copy, StepPolicy.Work);
            return (Whole, null);
        }
        catch (StepFaultException fault) when (fault.Fault.Kind is FaultKind.Corrupt or FaultKind.NotFound)
        {
            // A deletion may have taken it away under our hands.
            var again = await runner.RunAsync(Steps.FindExpected, find, StepPolicy.Work);
            return again is { Copy: null, Missing: false } ? (Gone, "It was deleted meanwhile.") : (Damaged, $"{fault.Fault.Code}: {fault.Fault.Message}");
        }
    }
}
