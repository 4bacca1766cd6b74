namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>What a policy's rule lets go now, of those volumes whose survivors the store itself has shown.</summary>
/// <param name="Left">Volumes of which nothing goes, for a survivor is not there.</param>
/// <param name="Total">All copies that were judged.</param>
/// <param name="Eligible">Those that a rule could let go: what is held, or not good, must not make a large share look small.</param>
internal sealed record Judgement(IReadOnlyList<(string VolumeId, RetentionVerdict Verdict)> Going, IReadOnlyList<PolicyRunFailure> Left, int Total, int Eligible, string? Doubt)
{
    /// <summary>When the doubt is over by itself; null: never.</summary>
    public DateTimeOffset? DoubtUntil { get; init; }

    /// <param name="volumeId">The only volume to judge; null: all of the policy's.</param>
    public static async Task<Judgement> OfAsync(TaskOrchestrationContext context, StepRunner runner, SnapshotPolicy policy, string? volumeId = null)
    {
        // Judged by a step: which day it is in a zone must not depend on the machine that replays.
        var judged = await runner.RunAsync(Steps.JudgeCopies, new JudgeCopiesInput(policy, Times.Utc(context.CurrentUtcDateTime)) { VolumeId = volumeId }, StepPolicy.Work);
        var left = new List<PolicyRunFailure>();
        var going = new List<(string VolumeId, RetentionVerdict Verdict)>();
        foreach (var (judgedId, all) in judged.Volumes.Where(volume => volume.Verdicts.Any(verdict => !verdict.Keep)))
        {
            // What is not good was not counted: nothing rests on it, so it is neither looked for nor missed.
            var survivors = all.Where(verdict => verdict is { Keep: true, NotGood: false }).Select(verdict => verdict.Key).ToList();
            var proven = await runner.RunAsync(Steps.ProveCopies, new ProveCopiesInput(survivors), StepPolicy.Work);
            if (proven.Absent.Count == 0) going.AddRange(all.Where(verdict => !verdict.Keep).Select(verdict => (judgedId, verdict)));
            else left.Add(new PolicyRunFailure(judgedId, "retention.survivor-missing", $"Of the copies that are to survive, {string.Join(", ", proven.Absent.Take(5).Select(key => key.Uuid))} are not whole on the store; nothing of this volume was let go."));
        }

        return new Judgement(going, left, judged.Volumes.Sum(volume => volume.Verdicts.Count), judged.Volumes.Sum(volume => volume.Verdicts.Count(verdict => verdict.Counts)), judged.Doubt) { DoubtUntil = judged.DoubtUntil };
    }
}
