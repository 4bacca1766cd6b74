using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Puts the hold, then looks whether a deletion has begun: then it is too late, and the hold that was put goes again. A hold that stood before is nobody's to take away.</summary>
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
        if (await store.FindAsync(SnapshotLocations.Tombstone(address), cancellation) is null && await store.FindAsync(input.Copy.Manifest, cancellation) is not null) return true;

        if (placed.IsOwn) await store.DeleteAsync(hold, cancellation);
        throw new StepFaultException(new StepFault(
            "snapshot.deleting", FaultKind.Conflict, $"Snapshot {input.Copy.Snapshot.Uuid} is being deleted; it cannot be held any more.{(placed.IsOwn ? "" : " It was held before; that hold stays.")}", "Hold another snapshot of the volume."));
    }
}
