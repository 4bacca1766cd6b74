using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>
/// Begins a deletion: puts the tombstone, then looks for a hold and for a restore of the copy or a revert to its snapshot. Whoever holds or restores does the reverse, so of the two, at the same moment, at least one sees the
/// other; the deletion gives way, and takes back the tombstone that it has put: another deletion's stays with that one, and is waited for while it lives.
/// </summary>
[DurableTask(StepNames.EntombCopy)]
public sealed class EntombCopy(SecondaryDestinations destinations, DurableTaskClient client, Marker marker, ILogger<EntombCopy> logger, IActivityExecution execution) : StepActivity<EntombCopyInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(EntombCopyInput input, CancellationToken cancellation)
    {
        var store = destinations.Get(input.Copy.Destination).Store;
        var address = SnapshotLocations.AddressOf(input.Copy.Manifest);

        // A copy whose manifest is gone cannot be saved by a hold any more: its deletion is finished.
        if (await new ManifestStore(store).FindAsync(address, cancellation) is not { } manifest) return true;
        if (!marker.OwnsCopiesOf(manifest.Installation))
        {
            throw new StepFaultException(new StepFault(
                "snapshot.foreign", FaultKind.Conflict, $"Snapshot {input.Copy.Snapshot.Uuid} was made by installation '{manifest.Installation}', not by '{marker.Installation}'; nothing was deleted.",
                "Delete it there. If that installation is this one under another name, or is gone for good, name it under SnapshotWorkflows:TakesOver."));
        }

        var tombstone = SnapshotLocations.Tombstone(address);
        var placed = await PlacedMark.PutAsync(
            store, tombstone, new StoredMark(StoredMark.CurrentFormatVersion, input.Copy, input.By, input.Reason) { Installation = manifest.Installation, Instance = Execution.InstanceId }, cancellation);
        await store.SweepAsync(tombstone, Execution, logger, cancellation);
        await placed.RequireAloneAsync(client, tombstone, cancellation);
        if (await RefusalAsync(store, input.Copy.Snapshot, address, cancellation) is not { } refusal) return true;

        // That of a deletion that has ended before it deleted anything holds up the restore for nothing. One of which nobody knows whose it is stays.
        if (placed.By is not null) await store.DeleteAsync(tombstone, cancellation);
        throw new StepFaultException(refusal);
    }

    private async Task<StepFault?> RefusalAsync(ISecondaryStore store, RequestKey snapshot, SnapshotAddress address, CancellationToken cancellation)
    {
        if (await store.FindAsync(SnapshotLocations.Hold(address), cancellation) is not null)
            return new StepFault("snapshot.held", FaultKind.Conflict, $"Snapshot {snapshot.Uuid} is under legal hold; nothing was deleted.", "Release the hold first, if you may.");
        return await client.FindReaderAsync(snapshot, revertsOnly: false, cancellation);
    }
}
