using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Ends a deletion: nothing of the snapshot is left.</summary>
[DurableTask(StepNames.RemoveTombstone)]
public sealed class RemoveTombstone(SecondaryDestinations destinations, IActivityExecution execution) : StepActivity<StoredCopy, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(StoredCopy input, CancellationToken cancellation)
    {
        await destinations.Get(input.Destination).Store.DeleteAsync(SnapshotLocations.Tombstone(SnapshotLocations.AddressOf(input.Manifest)), cancellation);
        return true;
    }
}
