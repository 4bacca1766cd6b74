using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>Finds the job of a call that was sent and not answered, or waits until it cannot come any more. Before it a revert neither ends nor gives its slots back.</summary>
[DurableTask(StepNames.SettleCloudRevert)]
public sealed class SettleCloudRevert(CloudStackClient cloudStack, IntentLedger intents, TimeProvider time, IActivityExecution execution) : StepActivity<CloudRevertInput, SettledCloudRevert>(execution)
{
    protected override async Task<SettledCloudRevert> ExecuteAsync(CloudRevertInput input, CancellationToken cancellation)
    {
        if (intents.Find(input.Key, Roles.Revert) is not { } sent) return new SettledCloudRevert(JobId: null);
        if (sent is { State: IntentStates.Made, ObjectId: { } started }) return new SettledCloudRevert(started);
        var job = CloudRevertJobs.Of(input.Key);
        // Asked for after it cannot come any more, too: it may have come in between.
        if (await cloudStack.IsKnownAsync(job, cancellation)) return new SettledCloudRevert(job.ToString("D"));
        intents.RequireSettled(input.Key, Roles.Revert, UnansweredCalls.InCloud, time);
        if (await cloudStack.IsKnownAsync(job, cancellation)) return new SettledCloudRevert(job.ToString("D"));
        intents.Gone(input.Key, Roles.Revert);
        return new SettledCloudRevert(JobId: null);
    }
}
