using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Which arrays, pools and destinations there are to look through. Makes nothing.</summary>
[DurableTask(StepNames.ListSweepScopes)]
public sealed class ListSweepScopes(SolidFireArrays arrays, IXenServerPools pools, SecondaryDestinations destinations, IActivityExecution execution) : StepActivity<NoInput, SweepScopes>(execution)
{
    protected override Task<SweepScopes> ExecuteAsync(NoInput input, CancellationToken cancellation) =>
        Task.FromResult(new SweepScopes([.. pools.Names], [.. destinations.All.Select(destination => destination.Name).Order(StringComparer.Ordinal)]) { Arrays = arrays.Names });
}
