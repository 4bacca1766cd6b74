using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <content>Claims, ends and progress of activities: each counts only from the current attempt.</content>
internal sealed partial class Planner
{
    private WriteResult Claim(ClaimActivity claim)
    {
        if (facts.Activities.GetValueOrDefault(claim.Key) is not { } fact)
            return s_notFound;
        if (fact.Owner is { } other && (claim.OnlyIfFree || other != node))
            return s_fenced;
        var attempt = fact.Attempt + 1;
        facts.Activities[claim.Key] = fact with { Attempt = attempt, Owner = node };
        plan.ClaimedActivities.Add(claim.Key);
        return s_done with { Claimed = new ClaimedActivity(fact.Stored!, attempt, fact.CancelRequested) { Damage = fact.Damage } };
    }

    private WriteResult Complete(StoreCompletion completion)
    {
        var key = completion.Key;
        if (!IsCurrent(key, completion.Attempt))
            return s_fenced;
        plan.EndedActivities.Add((key, completion.Attempt));
        facts.Activities.Remove(key);
        return new WriteResult(WriteOutcome.Done, Told(Post(key.InstanceId, key.ExecutionId, now, completion.Event)));
    }

    private WriteResult Report(StoreProgress progress)
    {
        if (!IsCurrent(progress.Key, progress.Attempt))
            return s_fenced;
        plan.Progress.Add(progress);
        return s_done;
    }

    private bool IsCurrent(ActivityKey key, int attempt) => facts.Activities.GetValueOrDefault(key) is { } fact && fact.Attempt == attempt;
}
