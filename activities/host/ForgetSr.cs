using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Takes the clone's SR off the copy host. Before it nothing may delete the LUN: a LUN that vanishes under a plugged PBD hangs the host.</summary>
[DurableTask(StepNames.ForgetSr)]
public sealed class ForgetSr(IXenServerPools pools, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<OwnedSrInput, bool>(execution)
{
    protected override Task<bool> ExecuteAsync(OwnedSrInput input, CancellationToken cancellation) =>
        new SrRemoval(pools, intents, marker, time).RemoveAsync(input, Roles.Sr, cancellation);
}
