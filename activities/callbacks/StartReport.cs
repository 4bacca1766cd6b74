
namespace SnapshotWorkflows.Activities.CallbackSteps;

/// <summary>Hands a report to a workflow of its own, so that a slow receiver holds up nobody. Handed over already is success.</summary>
[DurableTask(StepNames.StartReport)]
public sealed class StartReport(DurableTaskClient client, IActivityExecution execution) : StepActivity<ReportSnapshotInput, bool>(execution)
{
    private static readonly OrchestrationRuntimeStatus[] s_every = [.. Enum.GetValues<OrchestrationRuntimeStatus>().Where(status => status is not OrchestrationRuntimeStatus.ContinuedAsNew)];

    protected override async Task<bool> ExecuteAsync(ReportSnapshotInput input, CancellationToken cancellation)
    {
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync("ReportSnapshot", input, new StartOrchestrationOptions(input.Instance.Value).WithDedupeStatuses(s_every), cancellation);
            return true;
        }
        catch (OrchestrationAlreadyExistsException)
        {
            return false;
        }
    }
}
