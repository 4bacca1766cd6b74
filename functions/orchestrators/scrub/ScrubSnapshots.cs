namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Reads old copies again in rotation, one after another, so that damage is found before the copy is needed.</summary>
[DurableTask(nameof(ScrubSnapshots))]
public sealed class ScrubSnapshots : TaskOrchestrator<ScrubInput, ScrubResult>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromHours(12);

    public override async Task<ScrubResult> RunAsync(TaskOrchestrationContext context, ScrubInput input)
    {
        var board = new PlainBoard(context);
        var cancellation = new Cancellation(context);
        var runner = new StepRunner(context, board, cancellation);
        var began = context.CurrentUtcDateTime;
        if (await context.HeldUpAsync() is { } held) return Held(board, held);
        var chosen = await runner.RunAsync(Steps.ChooseScrubs, new ChooseScrubsInput(Times.Utc(began)), StepPolicy.Work);
        var (read, damaged) = (0, 0);
        var failures = new List<SweepFailure>();
        foreach (var key in chosen.Snapshots)
        {
            cancellation.ThrowIfWished();
            if (context.CurrentUtcDateTime - began > Deadline || await context.HeldUpAsync() is not null) break;
            try
            {
                var verified = await context.CallSubOrchestratorAsync<VerifiedSnapshot>(nameof(VerifySnapshot), new VerifySnapshotInput(key, input.Caller));
                if (verified.Verdict == "gone") continue;
                read++;
                if (verified.Verdict == "damaged") damaged++;
            }
            catch (TaskFailedException failure)
            {
                var fault = StepFault.From(failure.FailureDetails);
                failures.Add(new SweepFailure(key.Uuid, fault.Code, fault.Message));
            }
        }

        board.Ended();
        return new ScrubResult(read, damaged, chosen.Due, failures);
    }

    private static ScrubResult Held(PlainBoard board, string why)
    {
        board.Note(why);
        return new ScrubResult(0, 0, 0, []);
    }
}
