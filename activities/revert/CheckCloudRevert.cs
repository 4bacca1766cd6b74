using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>Looks once whether CloudStack's job has ended.</summary>
[DurableTask(StepNames.CheckCloudRevert)]
public sealed class CheckCloudRevert(CloudStackClient cloudStack, IntentLedger intents, IActivityExecution execution) : StepActivity<CloudRevertJob, CloudRevertCheck>(execution)
{
    protected override async Task<CloudRevertCheck> ExecuteAsync(CloudRevertJob input, CancellationToken cancellation)
    {
        var job = await cloudStack.AskForAsync(input.JobId, cancellation);
        if (job.State == CloudStackJobState.Pending) return new CloudRevertCheck(Ended: false);
        intents.Gone(input.Key, Roles.Revert);
        return job.State == CloudStackJobState.Succeeded
            ? new CloudRevertCheck(Ended: true)
            : throw new StepFaultException(new StepFault(
                "revert.cloudstack-failed", FaultKind.Rejected, $"CloudStack's revertSnapshot ended as {job.State}: {job.ErrorText ?? "without a reason"}", "Look at the management server's log for the job; the volume may hold either state."));
    }
}
