using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Which pools and destinations there are to look through. Makes nothing.</summary>
[DurableTask(StepNames.ListSweepScopes)]
public sealed class ListSweepScopes(IXenServerPools pools, SecondaryDestinations destinations, IActivityExecution execution) : StepActivity<NoInput, SweepScopes>(execution)
{
    protected override Task<SweepScopes> ExecuteAsync(NoInput input, CancellationToken cancellation) =>
        Task.FromResult(new SweepScopes([.. pools.Names], [.. destinations.All.Select(destination => destination.Name).Order(StringComparer.Ordinal)]));
}
