namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Deletes what a policy no longer keeps. Rows of the catalog only propose: of every volume that is to lose copies, those that are to survive are looked up on the store first.
/// A run that would let go more than half of what could go, or that comes when nothing was taken for a week (a clock that jumped), waits for a person's word.
/// </summary>
[DurableTask(nameof(ExpireSnapshots))]
public sealed class ExpireSnapshots : TaskOrchestrator<ExpireSnapshotsInput, ExpireSnapshotsResult>
{
    /// <summary>The event that lets a large run go on; its data is true or false.</summary>
    public const string ApproveEvent = "Approve";

    /// <summary>Fewer than so many are never a large run.</summary>
    private const int LargeRun = 10;

    private static readonly TimeSpan ApprovalTime = TimeSpan.FromDays(7);

    public override async Task<ExpireSnapshotsResult> RunAsync(TaskOrchestrationContext context, ExpireSnapshotsInput input)
    {
        var policy = input.Policy;
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        // Judged by a step: which day it is in a zone must not depend on the machine that replays.
        var judged = await runner.RunAsync(Steps.JudgeCopies, new JudgeCopiesInput(policy, Times.Utc(context.CurrentUtcDateTime)), StepPolicy.Work);
        var left = new List<PolicyRunFailure>();
        var going = new List<(string VolumeId, RetentionVerdict Verdict)>();
        foreach (var (volumeId, all) in judged.Volumes.Where(volume => volume.Verdicts.Any(verdict => !verdict.Keep)))
        {
            var survivors = all.Where(verdict => verdict.Keep).Select(verdict => verdict.Key).ToList();
            var proven = await runner.RunAsync(Steps.ProveCopies, new ProveCopiesInput(survivors), StepPolicy.Work);
            if (proven.Absent.Count == 0) going.AddRange(all.Where(verdict => !verdict.Keep).Select(verdict => (volumeId, verdict)));
            else left.Add(new PolicyRunFailure(volumeId, "retention.survivor-missing", $"Of the copies that are to survive, {string.Join(", ", proven.Absent.Take(5).Select(key => key.Uuid))} are not whole on the store; nothing of this volume was let go."));
        }

        var total = judged.Volumes.Sum(volume => volume.Verdicts.Count);

        // What is held, or not good, cannot go: it must not make a large share look small.
        var eligible = judged.Volumes.Sum(volume => volume.Verdicts.Count(verdict => verdict.Counts));
        var large = going.Count > LargeRun && going.Count * 2 > eligible;
        if (going.Count > 0 && (large || judged.Doubt is not null) && !await ApprovedAsync(context, board, going.Count, eligible, judged.Doubt))
        {
            left.AddRange(going.Select(one => new PolicyRunFailure(one.VolumeId, "retention.not-approved", $"Snapshot {one.Verdict.Key.Uuid} was not let go: nobody approved it. {judged.Doubt ?? "It was part of an unusually large run."}")));
            going.Clear();
        }

        var expired = 0;
        foreach (var (volumeId, verdict) in going)
        {
            var delete = new DeleteSnapshotInput(verdict.Key, $"policy:{policy.Name}", verdict.Reasons[0]);
            try
            {
                await context.CallSubOrchestratorAsync<DeleteSnapshotResult>(nameof(DeleteSnapshot), delete);
                expired++;
            }
            catch (TaskFailedException failure)
            {
                var fault = StepFault.From(failure.FailureDetails);
                left.Add(new PolicyRunFailure(volumeId, fault.Code, fault.Message));
            }
        }

        board.Ended();
        return new ExpireSnapshotsResult(expired, total - expired - left.Count, left);
    }

    private static async Task<bool> ApprovedAsync(TaskOrchestrationContext context, PlainBoard board, int going, int eligible, string? doubt)
    {
        board.Note($"{going} of {eligible} copies would go. {doubt}{(doubt is null ? "" : " ")}Raise the event {ApproveEvent} with true to let them go, with false to keep them; nothing goes without it.");
        try
        {
            return await context.WaitForExternalEvent<bool>(ApproveEvent, ApprovalTime);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            board.Note(null);
        }
    }
}
