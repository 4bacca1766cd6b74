using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Takes the destination's SR off the copy host; the files in its folder stay.</summary>
[DurableTask(StepNames.ForgetDestinationSr)]
public sealed class ForgetDestinationSr(IXenServerPools pools, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<OwnedSrInput, bool>(execution)
{
    protected override Task<bool> ExecuteAsync(OwnedSrInput input, CancellationToken cancellation) =>
        new SrRemoval(pools, intents, marker, time).RemoveAsync(input, Roles.DestinationSr, cancellation);
}
