using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Deletes the manifest, under its tombstone only: from then on there is no backup.</summary>
[DurableTask(StepNames.DeleteManifest)]
public sealed class DeleteManifest(SecondaryDestinations destinations, IntentLedger intents, IActivityExecution execution) : StepActivity<StoredCopy, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(StoredCopy input, CancellationToken cancellation)
    {
        var store = destinations.Get(input.Destination).Store;
        if (await store.FindAsync(input.Manifest, cancellation) is not null)
        {
            await store.RequireTombstoneAsync(input, cancellation);
            await store.DeleteAsync(input.Manifest, cancellation);
        }

        await store.DeleteAsync(SnapshotLocations.Damaged(SnapshotLocations.AddressOf(input.Manifest)), cancellation);

        intents.Gone(input.Snapshot, Roles.Manifest);
        return true;
    }
}
