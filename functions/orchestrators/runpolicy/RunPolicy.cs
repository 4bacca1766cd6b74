namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// One occurrence of a policy, or one run of it that a person asked for: every volume's snapshot as a sub-orchestration, then expiry is started, as an instance of its own: whether a person answers it, and when, holds up no occurrence.
/// A volume that fails, or whose earlier snapshot has not ended, is named in the result and does not keep the others from being taken; nothing expires before all have ended.
/// A wish to cancel is passed on to the snapshots, and waited for.
/// </summary>
[DurableTask(nameof(RunPolicy))]
public sealed class RunPolicy : TaskOrchestrator<PolicyOccurrence, PolicyRunResult>
{
    public override async Task<PolicyRunResult> RunAsync(TaskOrchestrationContext context, PolicyOccurrence input)
    {
        var board = new PlainBoard(context);
        var cancellation = new Cancellation(context);
        var runner = new StepRunner(context, board, cancellation);
        var policy = input.Policy;
        var who = $"policy:{policy.Name}";
        if (input.Missed > 0) board.Note($"{input.Missed} earlier occurrences were missed; this one stands for them.");

        var selected = await runner.RunAsync(Steps.SelectVolumes, new SelectVolumesInput(policy.Volumes) { Policy = policy.Name }, StepPolicy.Work);
        var failures = selected.Missing.Select(id => new PolicyRunFailure(id, "volume.not-found", "CloudStack does not know this volume any more.")).ToList();
        failures.AddRange(selected.Busy.Select(busy => new PolicyRunFailure(busy.VolumeId, "policy.earlier-unfinished", $"Snapshot {busy.SnapshotId} of an earlier occurrence has not ended: {busy.Why}")));
        var taking = Task.WhenAll(selected.VolumeIds.Select(volume => TakeAsync(context, cancellation, input, volume, who)));
        if (context.IsAtLeast(WorkflowVersions.Apart) && await Task.WhenAny(taking, cancellation.Wish) != taking)
        {
            // Each undoes what is its own; those that have not begun do not begin.
            foreach (var volume in selected.VolumeIds) context.SendEvent(input.SnapshotOf(volume).Value, Cancellation.EventName, who);
        }

        var outcomes = await taking;
        failures.AddRange(outcomes.OfType<PolicyRunFailure>());
        var taken = outcomes.Count(outcome => outcome is null);
        var expired = 0;
        var cancelled = context.IsAtLeast(WorkflowVersions.Apart) && cancellation.Wish.IsCompleted;
        try
        {
            if (!context.IsAtLeast(WorkflowVersions.Apart)) expired = await ExpireAsChildAsync(context, policy, failures);
            else if (!cancelled) await runner.RunAsync(Steps.StartExpiry, new ExpireSnapshotsInput(policy), StepPolicy.Work);
        }
        catch (StepFaultException failure)
        {
            failures.Add(new PolicyRunFailure("", failure.Fault.Code, failure.Fault.Message));
        }

        await runner.FinishAsync(
            Steps.RecordAudit,
            new AuditEntry(
                input.ByHand?.Caller ?? who, "policy.run", policy.Name, cancelled ? "cancelled" : failures.Count == 0 ? "done" : "failed",
                $"{input.At.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}{(input.ByHand is null ? "" : " by hand")}: {taken} taken, {expired} expired, {failures.Count} failed"),
            board.Stuck);
        if (policy.CallbackUrl is { } address) await runner.FinishAsync(Steps.StartReport, new ReportSnapshotInput(input.Instance, address, null) { Work = Report(input, cancelled, taken, failures) }, board.Stuck);
        board.Ended();
        return cancelled ? throw new StepFaultException(Faults.Cancelled()) : new PolicyRunResult(taken, failures, expired);
    }

    private static WorkReport Report(PolicyOccurrence occurrence, bool cancelled, int taken, List<PolicyRunFailure> failures) => new()
    {
        EventId = occurrence.Instance.Uuid,
        Event = WorkReport.PolicyRunEnded,
        Id = occurrence.Instance.Uuid,
        State = cancelled ? "Cancelled" : failures.Count == 0 ? "Done" : "Failed",
        Policy = occurrence.Policy.Name,
        At = occurrence.At,
        Taken = taken,
        Failed = failures.Count,
        Failures = failures.Count == 0 ? null : [.. failures.Take(WorkReport.FailuresMax)],
    };

    /// <summary>As runs that began before expiry was an instance of its own do it.</summary>
    private static async Task<int> ExpireAsChildAsync(TaskOrchestrationContext context, SnapshotPolicy policy, List<PolicyRunFailure> failures)
    {
        try
        {
            var result = await context.CallSubOrchestratorAsync<ExpireSnapshotsResult>(nameof(ExpireSnapshots), new ExpireSnapshotsInput(policy));
            failures.AddRange(result.Left);
            return result.Expired;
        }
        catch (TaskFailedException failure)
        {
            failures.Add(Failure("", StepFault.From(failure.FailureDetails)));
            return 0;
        }
    }

    private static async Task<PolicyRunFailure?> TakeAsync(TaskOrchestrationContext context, Cancellation cancellation, PolicyOccurrence occurrence, string volumeId, string who)
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
            if (occurrence.JitterOf(volumeId) is var jitter && jitter > TimeSpan.Zero)
                await (context.IsAtLeast(WorkflowVersions.Apart) ? cancellation.WaitAsync(jitter) : context.CreateTimer(jitter, CancellationToken.None));
            await context.CallSubOrchestratorAsync<SnapshotVolumeResult>(nameof(SnapshotVolume), request, new SubOrchestrationOptions(retry: null, instanceId: key.Value));
            return null;
        }
        catch (StepFaultException notBegun)
        {
            return Failure(volumeId, notBegun.Fault);
        }
        catch (TaskFailedException failure)
        {
            return Failure(volumeId, StepFault.From(failure.FailureDetails));
        }
    }

    private static PolicyRunFailure Failure(string volumeId, StepFault fault) => new(volumeId, fault.Code, fault.Message);
}
