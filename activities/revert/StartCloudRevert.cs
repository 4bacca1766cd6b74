using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>
/// Has CloudStack put the volume back by its own snapshot. The job bears an id that is derived from the request, and CloudStack refuses one that was used before: a call repeated after a lost
/// answer finds the first one's job instead of reverting again.
/// </summary>
[DurableTask(StepNames.StartCloudRevert)]
public sealed class StartCloudRevert(CloudStackClient cloudStack, IntentLedger intents, IActivityExecution execution) : StepActivity<CloudRevertInput, string>(execution)
{
    protected override async Task<string> ExecuteAsync(CloudRevertInput input, CancellationToken cancellation)
    {
        var job = NameUuid.From($"revert\n{input.Key.Value}");
        if (intents.Find(input.Key, Roles.Revert) is not null && await IsKnownAsync(job, cancellation)) return job.ToString("D");
        intents.Intend(input.Key, Roles.Revert, "cloudstack", input.CloudStackSnapshotId, job.ToString("D"));
        var started = await cloudStack.RevertSnapshotAsync(input.CloudStackSnapshotId, job, Execution.StopToken);
        intents.Made(input.Key, Roles.Revert, started);
        return started;
    }

    private async Task<bool> IsKnownAsync(Guid job, CancellationToken cancellation)
    {
        try
        {
            await cloudStack.GetJobAsync(job.ToString("D"), cancellation);
            return true;
        }
        catch (CloudStackException unknown) when (unknown.Kind is CloudStackErrorKind.NotFound or CloudStackErrorKind.Rejected)
        {
            return false;
        }
    }
}
