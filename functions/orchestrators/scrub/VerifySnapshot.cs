namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Reads a copy whole and holds it against its manifest. A copy that is not what it should be is marked Damaged and counts no more; nothing is deleted.</summary>
[DurableTask(nameof(VerifySnapshot))]
public sealed class VerifySnapshot : TaskOrchestrator<VerifySnapshotInput, VerifiedSnapshot>
{
    public override async Task<VerifiedSnapshot> RunAsync(TaskOrchestrationContext context, VerifySnapshotInput input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        var find = new FindCopyInput(input.Snapshot);
        var damage = default(string);
        try
        {
            var expected = await runner.RunAsync(Steps.FindExpected, find, StepPolicy.Work);
            if (expected.Copy is { } copy) await runner.RunAsync(Steps.VerifyCopy, copy, StepPolicy.Work);
            else if (expected.Missing) damage = "manifest.missing: Its manifest is not on the store any more.";
            else return End(board, input, "gone", "There is no copy that could be read.");
        }
        catch (StepFaultException fault) when (fault.Fault.Kind is FaultKind.Corrupt or FaultKind.NotFound)
        {
            damage = $"{fault.Fault.Code}: {fault.Fault.Message}";

            // A deletion may have taken it away under our hands.
            var again = await runner.RunAsync(Steps.FindExpected, find, StepPolicy.Work);
            if (again is { Copy: null, Missing: false }) return End(board, input, "gone", "It was deleted meanwhile.");
        }

        var now = Times.Utc(context.CurrentUtcDateTime);
        await runner.FinishAsync(
            Steps.MarkSnapshot, damage is null ? new MarkSnapshotInput(input.Snapshot) { LastProven = now } : new MarkSnapshotInput(input.Snapshot) { DamagedAt = now }, board.Stuck);
        await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "snapshot.verify", input.Snapshot.Uuid, damage is null ? "done" : "failed", damage), board.Stuck);
        return End(board, input, damage is null ? "whole" : "damaged", damage);
    }

    private static VerifiedSnapshot End(PlainBoard board, VerifySnapshotInput input, string verdict, string? detail)
    {
        board.Ended();
        return new VerifiedSnapshot(input.Snapshot.Uuid, verdict, detail);
    }
}
