using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Ends the tasks of exports that nobody waits for, and takes the clone's SR off the copy host. Before it nothing may delete the LUN: a LUN that vanishes under a plugged PBD hangs the host.</summary>
[DurableTask(StepNames.ForgetSr)]
public sealed class ForgetSr(IXenServerPools pools, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<OwnedSrInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(OwnedSrInput input, CancellationToken cancellation)
    {
        await TransferTasks.EndAsync(pools.Get(input.Pool), input.Key, cancellation);
        return await new SrRemoval(pools, intents, marker, time).RemoveAsync(input, Roles.Sr, cancellation);
    }
}
