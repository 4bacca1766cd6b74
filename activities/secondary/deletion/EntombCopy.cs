using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>
/// Begins a deletion: puts the tombstone, then looks for a hold. Whoever holds does the reverse, so of the two, at the same moment, at least one sees the other;
/// the deletion gives way.
/// </summary>
[DurableTask(StepNames.EntombCopy)]
public sealed class EntombCopy(SecondaryDestinations destinations, IActivityExecution execution) : StepActivity<EntombCopyInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(EntombCopyInput input, CancellationToken cancellation)
    {
        var store = destinations.Get(input.Copy.Destination).Store;
        var address = SnapshotLocations.AddressOf(input.Copy.Manifest);

        // A copy whose manifest is gone cannot be saved by a hold any more: its deletion is finished.
        if (await store.FindAsync(input.Copy.Manifest, cancellation) is null) return true;
        await store.PutAsync(SnapshotLocations.Tombstone(address), new StoredMark(StoredMark.CurrentFormatVersion, input.Copy, input.By, input.Reason).Write(), cancellation);
        if (await store.FindAsync(SnapshotLocations.Hold(address), cancellation) is null) return true;

        await store.DeleteAsync(SnapshotLocations.Tombstone(address), cancellation);
        throw new StepFaultException(new StepFault("snapshot.held", FaultKind.Conflict, $"Snapshot {input.Copy.Snapshot.Uuid} is under legal hold; nothing was deleted.", "Release the hold first, if you may."));
    }
}
