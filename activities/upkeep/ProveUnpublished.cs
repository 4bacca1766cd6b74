using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Asks the store itself whether a folder's data is no backup. Where it is one, the ledger learns that it stays. No deletion may have begun on it.</summary>
[DurableTask(StepNames.ProveUnpublished)]
public sealed class ProveUnpublished(SecondaryDestinations destinations, IntentLedger intents, IActivityExecution execution) : StepActivity<DestinationFolder, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(DestinationFolder input, CancellationToken cancellation)
    {
        var key = input.Key!.Value;
        DestinationFolders.DemandOwn(key, input.Folder);
        var store = destinations.Get(input.Destination).Store;
        var manifest = $"{input.Folder}.manifest.json";
        if (await store.FindAsync(manifest, cancellation) is not null)
        {
            foreach (var intent in intents.Open(key).Where(intent => intent.Role is Roles.Folder or Roles.Stream or Roles.DestinationVdi)) intents.Kept(key, intent.Role, manifest);
            return false;
        }

        var tombstone = SnapshotLocations.Tombstone(SnapshotLocations.AddressOf(manifest));
        return await store.FindAsync(tombstone, cancellation) is null
            ? true
            : throw new StepFaultException(new StepFault("snapshot.deleting", FaultKind.Conflict, $"'{tombstone}' exists: a deletion takes the data away.", "Nothing: the deletion ends by itself."));
    }
}
