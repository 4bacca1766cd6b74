using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>Proves that the array's snapshot is there and is not being deleted, that there is room for the one that saves the present, and that no host reaches the volume. Makes nothing.</summary>
[DurableTask(StepNames.InspectRollBack)]
public sealed class InspectRollBack(SolidFireArrays arrays, SnapshotIndex index, DurableTaskClient client, Marker marker, IActivityExecution execution) : StepActivity<InspectRollBackInput, RollBackPlan>(execution)
{
    protected override async Task<RollBackPlan> ExecuteAsync(InspectRollBackInput input, CancellationToken cancellation)
    {
        if (!input.Forward) await RequireKeptAsync(input.Snapshot, cancellation);
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        var proofs = new RollBackProofs(array, marker);
        var volume = await proofs.RequireUnreachedAsync(input.Volume, input.ArrayOnly, cancellation);
        await proofs.FindAsync(input.Snapshot, input.Group, input.Volume, cancellation);
        var limits = await array.GetLimitsAsync(cancellation);
        var snapshots = await array.ListSnapshotsAsync(input.Volume.VolumeId, cancellation);
        if (limits.SnapshotsPerVolumeMax is { } most && snapshots.Count >= most)
        {
            throw new StepFaultException(new StepFault(
                "array.snapshots-full", FaultKind.Rejected, $"{input.Volume} has {snapshots.Count} snapshots on the array; {most} is its limit, and what the volume holds now must be saved first.", "Delete a snapshot of this volume on the array, then ask again."));
        }

        return new RollBackPlan(volume.Iqn);
    }

    /// <summary>The deletion looks for reverts after it has begun, and the revert has asked for its slots before it looks here: of the two at least one sees the other.</summary>
    private async Task RequireKeptAsync(RequestKey snapshot, CancellationToken cancellation)
    {
        if (index.Find(snapshot) is not { Status.State: SnapshotState.Destroying } && await client.GetInstanceAsync(DeleteSnapshotInput.InstanceOf(snapshot).Value, cancellation) is not { IsCompleted: false }) return;
        throw new StepFaultException(new StepFault(
            "snapshot.deleting", FaultKind.Transient, $"The deletion of snapshot {snapshot.Uuid} has begun; the volume was not touched.", "The deletion may give way; else restore or revert to another snapshot of the volume."));
    }
}
