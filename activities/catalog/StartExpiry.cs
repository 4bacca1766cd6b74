namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>Starts the expiry of a policy's copies, unless one is under way: that one, or the next, sees to what is there now too.</summary>
[DurableTask(StepNames.StartExpiry)]
public sealed class StartExpiry(DurableTaskClient client, IActivityExecution execution) : StepActivity<ExpireSnapshotsInput, bool>(execution)
{
    private static readonly OrchestrationRuntimeStatus[] s_live = [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended];

    protected override async Task<bool> ExecuteAsync(ExpireSnapshotsInput input, CancellationToken cancellation)
    {
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                "ExpireSnapshots", input, new StartOrchestrationOptions(ExpireSnapshotsInput.InstanceOf(input.Policy.Name).Value).WithDedupeStatuses(s_live), cancellation);
            return true;
        }
        catch (OrchestrationAlreadyExistsException)
        {
            return false;
        }
    }
}
