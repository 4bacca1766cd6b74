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
            input.Key, Roles.Revert, "cloudstack", input.CloudStackSnapshotId, job.ToString("D"), () => AskAsync(input.CloudStackSnapshotId, job, cancellation));
        intents.Made(input.Key, Roles.Revert, started);
        return started;
    }

    /// <summary>Something between us may have sent it twice, and the second is refused because the first has begun: a refusal counts only where CloudStack does not know the job.</summary>
    private async Task<string> AskAsync(string snapshot, Guid job, CancellationToken cancellation)
    {
        try
        {
            return await cloudStack.RevertSnapshotAsync(snapshot, job, Execution.StopToken);
        }
        catch (CloudStackException refused) when (refused.Kind is not (CloudStackErrorKind.OutcomeUnknown or CloudStackErrorKind.PermissionDenied))
        {
            if (await cloudStack.IsKnownAsync(job, cancellation)) return job.ToString("D");
            throw;
        }
    }
}
