namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Copies one snapshot of CloudStack's off the array under one policy, writes the result onto it as tags, and lets go what the policy no longer keeps.</summary>
[DurableTask(nameof(FollowSnapshot))]
public sealed class FollowSnapshot : TaskOrchestrator<FollowSnapshotInput, FollowedSnapshot>
{
    public override async Task<FollowedSnapshot> RunAsync(TaskOrchestrationContext context, FollowSnapshotInput input)
    {
        var board = new PlainBoard(context);
        var cancellation = new Cancellation(context);
        var runner = new StepRunner(context, board, cancellation);
        var policy = input.Policy;
        var copy = input.Copy;
        var request = new SnapshotVolumeInput
        {
            Key = copy,
            VolumeId = input.Snapshot.VolumeId,
            AdoptSnapshotId = input.Snapshot.Id,
            Destination = policy.Destination,
            Format = policy.Format,
            Caller = $"policy:{policy.Name}",
            Policy = policy.Name,
        };
        var fault = default(StepFault);
        try
        {
            var copying = context.CallSubOrchestratorAsync<SnapshotVolumeResult>(nameof(SnapshotVolume), request, new SubOrchestrationOptions(retry: null, instanceId: copy.Value));

            // The copy undoes what is its own, and that is waited for.
            if (context.IsAtLeast(WorkflowVersions.Apart) && await Task.WhenAny(copying, cancellation.Wish) != copying) context.SendEvent(copy.Value, Cancellation.EventName, request.Caller);
            await copying;
        }
        catch (TaskFailedException failure)
        {
            fault = StepFault.From(failure.FailureDetails);
        }

        await runner.TagAsync(context.CurrentUtcDateTime, input.Snapshot.Id, copy, fault, request.Caller, StepPolicy.Work);
        if (fault is not null) throw new StepFaultException(fault);
        var expired = context.IsAtLeast(WorkflowVersions.Apart) ? await StartExpiryAsync(runner, policy) : (await context.CallSubOrchestratorAsync<ExpireSnapshotsResult>(nameof(ExpireSnapshots), new ExpireSnapshotsInput(policy))).Expired;
        board.Ended();
        return new FollowedSnapshot(input.Snapshot.Id, copy.Uuid, nameof(SnapshotState.BackedUp), expired);
    }

    /// <returns>0: how many go the other instance knows.</returns>
    private static async Task<int> StartExpiryAsync(StepRunner runner, SnapshotPolicy policy)
    {
        await runner.RunUncancelledAsync(Steps.StartExpiry, new ExpireSnapshotsInput(policy), StepPolicy.Work);
        return 0;
    }
}
