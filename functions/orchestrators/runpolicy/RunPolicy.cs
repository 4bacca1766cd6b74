namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// One occurrence of a policy: every volume's snapshot as a sub-orchestration, then the copies that the policy no longer keeps go. A volume that fails
/// is named in the result and does not keep the others from being taken; nothing expires before all have ended.
/// </summary>
[DurableTask(nameof(RunPolicy))]
public sealed class RunPolicy : TaskOrchestrator<PolicyOccurrence, PolicyRunResult>
{
    public override async Task<PolicyRunResult> RunAsync(TaskOrchestrationContext context, PolicyOccurrence input)
    {
        var board = new PlainBoard(context);
        var runner = new StepRunner(context, board, new Cancellation(context));
        var who = $"policy:{input.Policy.Name}";
        if (input.Missed > 0) board.Note($"{input.Missed} earlier occurrences were missed; this one stands for them.");

        var selected = await runner.RunAsync(Steps.SelectVolumes, new SelectVolumesInput(input.Policy.Volumes), StepPolicy.Work);
        var failures = selected.Missing.Select(id => new PolicyRunFailure(id, "volume.not-found", "CloudStack does not know this volume any more.")).ToList();
        var outcomes = await Task.WhenAll(selected.VolumeIds.Select(volume => TakeAsync(context, input, volume, who)));
        failures.AddRange(outcomes.OfType<PolicyRunFailure>());

        var expired = 0;
        try
        {
            var result = await context.CallSubOrchestratorAsync<ExpireSnapshotsResult>(nameof(ExpireSnapshots), new ExpireSnapshotsInput(input.Policy));
            expired = result.Expired;
            failures.AddRange(result.Left);
        }
        catch (TaskFailedException failure)
        {
            failures.Add(Failure("", failure));
        }

        var taken = outcomes.Count(outcome => outcome is null);
        await runner.FinishAsync(
            Steps.RecordAudit,
            new AuditEntry(who, "policy.run", input.Policy.Name, failures.Count == 0 ? "done" : "failed", $"{input.At.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}: {taken} taken, {expired} expired, {failures.Count} failed"),
            board.Stuck);
        board.Ended();
        return new PolicyRunResult(taken, failures, expired);
    }

    private static async Task<PolicyRunFailure?> TakeAsync(TaskOrchestrationContext context, PolicyOccurrence occurrence, string volumeId, string who)
    {
        var policy = occurrence.Policy;
        var key = occurrence.SnapshotOf(volumeId);
        var request = new SnapshotVolumeInput
        {
            Key = key,
            VolumeId = volumeId,
            Quiesce = policy.Quiesce,
            Destination = policy.Destination,
            Format = policy.Format,
            Caller = who,
            Policy = policy.Name,
        };
        try
        {
            if (occurrence.JitterOf(volumeId) is var jitter && jitter > TimeSpan.Zero) await context.CreateTimer(jitter, CancellationToken.None);
            await context.CallSubOrchestratorAsync<SnapshotVolumeResult>(nameof(SnapshotVolume), request, new SubOrchestrationOptions(retry: null, instanceId: key.Value));
            return null;
        }
        catch (TaskFailedException failure)
        {
            return Failure(volumeId, failure);
        }
    }

    private static PolicyRunFailure Failure(string volumeId, TaskFailedException failure)
    {
        var fault = StepFault.From(failure.FailureDetails);
        return new PolicyRunFailure(volumeId, fault.Code, fault.Message);
    }
}
