using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>Deletes the request's own snapshot from the array, however many attempts made it, and proves that none is left.</summary>
[DurableTask(StepNames.DeleteStorageSnapshot)]
public sealed class DeleteStorageSnapshot(SolidFireArrays arrays, IntentLedger intents, Marker marker, IActivityExecution execution) : StepActivity<StorageSnapshotInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(StorageSnapshotInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        var snapshots = new StorageSnapshots(array, marker);
        try
        {
            foreach (var snapshot in await snapshots.OwnAsync(input, cancellation)) await array.DeleteSnapshotAsync(snapshot.SnapshotId, cancellation);
            if ((await snapshots.OwnAsync(input, cancellation)).Count > 0)
            {
                throw new StepFaultException(new StepFault(
                    "snapshot.still-there", FaultKind.Transient, $"The array still lists {input.Key.NameFor(Roles.Snapshot)} after its deletion.", "It is tried again; look at the array if this lasts."));
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
