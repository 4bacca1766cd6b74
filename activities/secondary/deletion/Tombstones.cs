using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>The proof that a deletion was begun and may go on.</summary>
internal static class Tombstones
{
    public static async Task RequireTombstoneAsync(this ISecondaryStore store, StoredCopy copy, CancellationToken cancellation)
    {
        var name = SnapshotLocations.Tombstone(SnapshotLocations.AddressOf(copy.Manifest));
        if (await store.FindAsync(name, cancellation) is null)
        {
            throw new StepFaultException(new StepFault(
                "snapshot.no-tombstone", FaultKind.Conflict, $"'{name}' is gone, so whether '{copy.Manifest}' may be deleted is not sure. Nothing was touched.", "Delete the snapshot again if it is still there; report this with the instance's history."));
        }
    }
}
