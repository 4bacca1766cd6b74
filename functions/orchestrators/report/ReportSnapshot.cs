namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Delivers a callback: tried again with durable waits for a day, then given up and said so. What it tells of has ended before and is not touched.</summary>
[DurableTask(nameof(ReportSnapshot))]
public sealed class ReportSnapshot : TaskOrchestrator<ReportSnapshotInput, ReportedSnapshot>
{
    private static readonly StepPolicy Patient = new(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(24));

    public override async Task<ReportedSnapshot> RunAsync(TaskOrchestrationContext context, ReportSnapshotInput input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        var why = default(string);
        try
        {
            await runner.RunAsync(Steps.SendCallback, input, Patient);
        }
        catch (StepFaultException undelivered)
        {
            why = $"{undelivered.Fault.Code}: {undelivered.Fault.Message}";
        }

        await runner.FinishAsync(Steps.RecordAudit, new AuditEntry("callback", input.Work is { } work ? work.Event.Replace("ended", "report", StringComparison.Ordinal) : "snapshot.report", input.Snapshot.Uuid, why is null ? "done" : "failed", why), board.Stuck);
        board.Ended();
        return new ReportedSnapshot(why is null, why);
    }
}
