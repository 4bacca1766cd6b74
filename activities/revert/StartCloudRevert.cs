using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>Has CloudStack put the volume back by its own snapshot. Repeated after a lost answer it finds the first one's job instead of reverting again.</summary>
[DurableTask(StepNames.StartCloudRevert)]
public sealed class StartCloudRevert(CloudStackClient cloudStack, IntentLedger intents, IActivityExecution execution) : StepActivity<CloudRevertInput, string>(execution)
{
    protected override async Task<string> ExecuteAsync(CloudRevertInput input, CancellationToken cancellation)
    {
        var job = CloudRevertJobs.Of(input.Key);
        if (intents.Find(input.Key, Roles.Revert) is not null && await cloudStack.IsKnownAsync(job, cancellation)) return job.ToString("D");
        var started = await intents.MakeAsync(
            input.Key, Roles.Revert, "cloudstack", input.CloudStackSnapshotId, job.ToString("D"), () => cloudStack.RevertSnapshotAsync(input.CloudStackSnapshotId, job, Execution.StopToken));
        intents.Made(input.Key, Roles.Revert, started);
        return started;
    }
}
