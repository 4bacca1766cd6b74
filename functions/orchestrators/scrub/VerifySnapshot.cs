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
    private const string UnreadableManifest = "manifest.invalid";

    public override async Task<VerifiedSnapshot> RunAsync(TaskOrchestrationContext context, VerifySnapshotInput input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        try
        {
            var (verdict, fault, occupied) = await ReadAsync(runner, input);
            var detail = fault is null ? null : fault.Code.Length == 0 ? fault.Message : $"{fault.Code}: {fault.Message}";
            if (verdict != Gone)
            {
                var now = Times.Utc(context.CurrentUtcDateTime);
                await MarkAsync(verdict == Whole ? new MarkSnapshotInput(input.Snapshot) { LastProven = now, OccupiedBytes = occupied } : new MarkSnapshotInput(input.Snapshot) { DamagedAt = now, Notice = Notice(fault!) });
                await AuditAsync(verdict == Whole ? "done" : "failed", detail);
            }

            board.Ended();
            return new VerifiedSnapshot(input.Snapshot.Uuid, verdict, detail);
        }
        catch (StepFaultException unread) when (context.IsAtLeast(WorkflowVersions.Tried))
        {
            var cancelled = unread.Fault.Kind == FaultKind.Cancelled;
            if (!cancelled) await MarkAsync(new MarkSnapshotInput(input.Snapshot) { VerifyTriedAt = Times.Utc(context.CurrentUtcDateTime), Notice = Notice(unread.Fault) });
            await AuditAsync(cancelled ? "cancelled" : "unread", unread.Fault.Code);
            throw;
        }

        Task<bool> MarkAsync(MarkSnapshotInput mark) => runner.FinishAsync(Steps.MarkSnapshot, mark, board.Stuck);

        Task<bool> AuditAsync(string outcome, string? detail) =>
            runner.FinishAsync(Steps.RecordAudit, new AuditEntry(input.Caller, "snapshot.verify", input.Snapshot.Uuid, outcome, detail), board.Stuck);
    }

    private static StepNotice Notice(StepFault fault) => new(fault.Code, fault.Message, fault.Remedy, nameof(VerifySnapshot));

    private static StepFault Told(string why) => new("", FaultKind.NotFound, why, "");

    private static async Task<(string Verdict, StepFault? Fault, long? Occupied)> ReadAsync(StepRunner runner, VerifySnapshotInput input)
    {
        var find = new FindCopyInput(input.Snapshot);
        try
        {
            var expected = await runner.RunAsync(Steps.FindExpected, find, StepPolicy.Work);
            if (expected.Missing) return (Damaged, new StepFault("manifest.missing", FaultKind.NotFound, "Its manifest is not on the store any more.", "Look for who removed it; restore the store from a copy, or take a new backup."), null);
            if (expected.Copy is not { } copy) return (Gone, Told("There is no copy that could be read."), null);
            return (Whole, null, (await runner.RunAsync(Steps.VerifyCopy, copy, StepPolicy.Work)).OccupiedBytes);
        }
        catch (StepFaultException fault) when (fault.Fault.Kind is FaultKind.Corrupt or FaultKind.NotFound)
        {
            try
            {
                // A deletion may have taken it away under our hands.
                var again = await runner.RunAsync(Steps.FindExpected, find, StepPolicy.Work);
                return again is { Copy: null, Missing: false } ? (Gone, Told("It was deleted meanwhile."), null) : (Damaged, fault.Fault, null);
            }
            catch (StepFaultException manifest) when (manifest.Fault.Code == UnreadableManifest && fault.Fault.Code == UnreadableManifest)
            {
                // Twice the same: no restore will read it either. One of a newer version is whole, and only not read here.
                return (Damaged, manifest.Fault, null);
            }
        }
    }
}
