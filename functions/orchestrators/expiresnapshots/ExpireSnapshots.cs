namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Deletes what a policy no longer keeps. Rows of the catalog only propose: of every volume that is to lose copies, those that are to survive are looked up on the store first.
/// A run that would let go more than half of what could go, or that comes when nothing was taken for a week or by a clock that is in doubt, waits for a person's word; after it everything is judged and
/// proven again, for days may have passed, and only what would go by both goes. The same right before the first deletion of each volume once minutes have passed, for a long run takes hours.
/// </summary>
[DurableTask(nameof(ExpireSnapshots))]
public sealed class ExpireSnapshots : TaskOrchestrator<ExpireSnapshotsInput, ExpireSnapshotsResult>
{
    /// <summary>Fewer than so many are never a large run.</summary>
    private const int LargeRun = 10;

    /// <summary>A judgement that is no older is not made again: short runs cost no more than they did.</summary>
    private static readonly TimeSpan s_fresh = TimeSpan.FromMinutes(5);

    public override async Task<ExpireSnapshotsResult> RunAsync(TaskOrchestrationContext context, ExpireSnapshotsInput input)
    {
        var policy = input.Policy;
        var who = $"policy:{policy.Name}";
        var apart = context.IsAtLeast(WorkflowVersions.Apart);
        var judgedAgain = context.IsAtLeast(WorkflowVersions.Judged);
        var board = new PlainBoard(context);
        var cancellation = new Cancellation(context);
        var runner = new StepRunner(context, board, cancellation);
        var judgedAt = context.CurrentUtcDateTime;
        var judged = await JudgeAsync();
        var left = judged.Left.ToList();
        var going = judged.Going.ToList();
        var large = going.Count > LargeRun && going.Count * 2 > judged.Eligible;
        if (going.Count > 0 && (large || judged.Doubt is not null))
        {
            var approval = new Approval(context, board, runner, cancellation);
            if (!await (apart ? approval.AskAsync(who, policy.Name, judged) : approval.AskUnnamedAsync(judged)))
            {
                left.AddRange(going.Select(one => new PolicyRunFailure(one.VolumeId, "retention.not-approved", $"Snapshot {one.Verdict.Key.Uuid} was not let go: nobody approved it. {judged.Doubt ?? "It was part of an unusually large run."}")));
                going.Clear();
            }
            else if (apart)
            {
                var again = await JudgeAsync();
                left = [.. again.Left];
                going = [.. again.Going.Where(one => going.Exists(before => before.Verdict.Key == one.Verdict.Key))];
            }
        }

        var expired = 0;
        foreach (var volume in going.GroupBy(one => one.VolumeId, StringComparer.Ordinal))
        {
            foreach (var one in judgedAgain ? await StillGoingAsync(volume.Key, [.. volume]) : [.. volume]) await LetGoAsync(one.VolumeId, one.Verdict);
        }

        if (apart && (expired > 0 || left.Count > 0))
        {
            var detail = $"{expired} expired, {left.Count} left{(left.Count > 0 ? $": {string.Join(", ", left.Select(one => one.Code).Distinct().Order(StringComparer.Ordinal))}" : "")}";
            await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(who, "policy.expire", policy.Name, left.Count == 0 ? "done" : "failed", detail), board.Stuck);
        }

        board.Ended();
        return new ExpireSnapshotsResult(expired, judged.Total - expired - left.Count, left);

        async Task<Judgement> JudgeAsync()
        {
            judgedAt = context.CurrentUtcDateTime;
            try
            {
                return await Judgement.OfAsync(context, runner, policy);
            }
            catch (StepFaultException failure) when (judgedAgain)
            {
                await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(who, "policy.expire", policy.Name, failure.Fault.Kind == FaultKind.Cancelled ? "cancelled" : "failed", failure.Fault.Code), board.Stuck);
                throw;
            }
        }

        // The deletions of the volumes before may have taken hours: a survivor can be damaged, deleted or gone by now.
        async Task<IReadOnlyList<(string VolumeId, RetentionVerdict Verdict)>> StillGoingAsync(string volumeId, IReadOnlyList<(string VolumeId, RetentionVerdict Verdict)> before)
        {
            if (cancellation.Wish.IsCompleted || context.CurrentUtcDateTime - judgedAt < s_fresh) return before;
            try
            {
                var again = await Judgement.OfAsync(context, runner, policy, volumeId);
                left.AddRange(again.Left);
                return [.. before.Where(one => again.Going.Any(now => now.Verdict.Key == one.Verdict.Key))];
            }
            catch (StepFaultException failure)
            {
                left.Add(new PolicyRunFailure(volumeId, failure.Fault.Code, $"Nothing of this volume was let go, for it could not be judged again: {failure.Fault.Message}"));
                return [];
            }
        }

        async Task LetGoAsync(string volumeId, RetentionVerdict verdict)
        {
            if (apart && cancellation.Wish.IsCompleted)
            {
                left.Add(new PolicyRunFailure(volumeId, "cancelled", $"Snapshot {verdict.Key.Uuid} was not let go: it was cancelled before."));
                return;
            }

            try
            {
                await context.CallSubOrchestratorAsync<DeleteSnapshotResult>(nameof(DeleteSnapshot), new DeleteSnapshotInput(verdict.Key, who, verdict.Reasons[0]));
                expired++;
            }
            catch (TaskFailedException failure)
            {
                var fault = StepFault.From(failure.FailureDetails);
                left.Add(new PolicyRunFailure(volumeId, fault.Code, fault.Message));
            }
        }
    }
}
