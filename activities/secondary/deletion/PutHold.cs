using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>
/// Puts the hold, then looks whether a deletion has begun. While both the tombstone and the manifest stand, that deletion either sees the hold and gives way, or had looked before and goes on: the hold stays, and which
/// of the two it is is waited for. Were it taken away at once, both could give way, and nothing would be held. A deletion that has ended on its way deletes nothing more, and its next attempt looks for holds first: the
/// hold stands. Where the manifest is gone it is too late, and the hold that was put goes again. A hold that stood before is nobody's to take away.
/// </summary>
[DurableTask(StepNames.PutHold)]
public sealed class PutHold(SecondaryDestinations destinations, DurableTaskClient client, ILogger<PutHold> logger, IActivityExecution execution) : StepActivity<HoldCopyInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(HoldCopyInput input, CancellationToken cancellation)
    {
        var store = destinations.Get(input.Copy.Destination).Store;
        var address = SnapshotLocations.AddressOf(input.Copy.Manifest);
        var hold = SnapshotLocations.Hold(address);
        var placed = await PlacedMark.PutAsync(store, hold, new StoredMark(StoredMark.CurrentFormatVersion, input.Copy, input.By, input.Reason) { Instance = Execution.InstanceId }, cancellation);
        await store.SweepAsync(hold, Execution, logger, cancellation);
        await placed.RequireAloneAsync(client, hold, cancellation);
        var tombstone = SnapshotLocations.Tombstone(address);
        var entombed = await PlacedMark.FindAsync(store, tombstone, cancellation);

        // Before the manifest: what has ended by now leaves it as it is.
        var lives = entombed?.By is { } deletion && await client.GetInstanceAsync(deletion, cancellation) is { IsCompleted: false };
        if (await store.FindAsync(input.Copy.Manifest, cancellation) is not null)
        {
            if (lives)
            {
                throw new StepFaultException(new StepFault(
                    "snapshot.marking", FaultKind.Busy, $"Deletion {entombed!.By} of snapshot {input.Copy.Snapshot.Uuid} has begun; whether it saw the hold is not known yet.", "Nothing: the deletion tells."));
            }

            if (entombed is null or { By: not null }) return true;
        }

        if (placed.IsOwn) await store.DeleteAsync(hold, cancellation);
        throw new StepFaultException(new StepFault(
            "snapshot.deleting", FaultKind.Conflict, $"Snapshot {input.Copy.Snapshot.Uuid} is being deleted; it cannot be held any more.{(placed.IsOwn ? "" : " It was held before; that hold stays.")}", "Hold another snapshot of the volume."));
    }
}
