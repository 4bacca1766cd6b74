using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>
/// Deletes the request's own snapshot from the array, however many attempts made it, and proves that none is left. With a finished copy goes what was kept there beside it, if anything was: the copy must not
/// become undeletable, and its policy's retention with it, because its array is gone. A snapshot on the array alone is gone only when that array says so. One that a volume is being put back to stays until the revert has
/// ended: what a roll-back from a snapshot that goes meanwhile leaves on the volume nobody has written down.
/// </summary>
[DurableTask(StepNames.DeleteStorageSnapshot)]
public sealed class DeleteStorageSnapshot(SolidFireArrays arrays, IntentLedger intents, AuditTrail audit, Marker marker, DurableTaskClient client, IActivityExecution execution) : StepActivity<StorageSnapshotInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(StorageSnapshotInput input, CancellationToken cancellation)
    {
        if (input.KeptBesideCopy is false) return true;
        if (await client.FindReaderAsync(input.Key, revertsOnly: true, cancellation) is { } needed) throw new StepFaultException(needed);
        SolidFireClient array;
        try
        {
            array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        }
        catch (SolidFireArraysException other) when (input.KeptBesideCopy is true && other.Code == SolidFireArraysException.OtherCluster)
        {
            // Every array that is served answered, and none is it. An array that is away does not come here.
            audit.Add("deletion", "snapshot.delete", input.Key.Uuid, "left", $"The array's snapshot {input.Key.NameFor(Roles.Snapshot)} of {input.Volume} stays: its array is served no more.");
            return true;
        }

        var snapshots = new StorageSnapshots(array, marker);
        try
        {
            foreach (var snapshot in await snapshots.OwnAsync(input, cancellation)) await array.DeleteSnapshotAsync(snapshot.SnapshotId, cancellation);
            if ((await snapshots.OwnAsync(input, cancellation)).Count > 0)
            {
                throw new StepFaultException(new StepFault(
                    "snapshot.still-there", FaultKind.Transient, $"The array still lists {input.Key.NameFor(Roles.Snapshot)} after its deletion.", "Look at the array if this lasts."));
            }
        }
        catch (SolidFireException gone) when (gone.Kind == SolidFireErrorKind.NotFound)
        {
            // The volume itself was deleted meanwhile, and its snapshots with it.
        }

        intents.Gone(input.Key, Roles.Snapshot);
        return true;
    }
}
