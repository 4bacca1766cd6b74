using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Puts the hold, then looks whether a deletion has begun: then it is too late, and the hold goes again.</summary>
[DurableTask(StepNames.PutHold)]
public sealed class PutHold(SecondaryDestinations destinations, ILogger<PutHold> logger, IActivityExecution execution) : StepActivity<HoldCopyInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(HoldCopyInput input, CancellationToken cancellation)
    {
        var store = destinations.Get(input.Copy.Destination).Store;
        var address = SnapshotLocations.AddressOf(input.Copy.Manifest);
        await store.PutAsync(SnapshotLocations.Hold(address), new StoredMark(StoredMark.CurrentFormatVersion, input.Copy, input.By, input.Reason).Write(), cancellation);
        await store.SweepAsync(SnapshotLocations.Hold(address), Execution, logger, cancellation);
        if (await store.FindAsync(SnapshotLocations.Tombstone(address), cancellation) is null && await store.FindAsync(input.Copy.Manifest, cancellation) is not null) return true;

        await store.DeleteAsync(SnapshotLocations.Hold(address), cancellation);
        throw new StepFaultException(new StepFault("snapshot.deleting", FaultKind.Conflict, $"Snapshot {input.Copy.Snapshot.Uuid} is being deleted; it cannot be held any more.", "Hold another snapshot of the volume."));
    }
}
