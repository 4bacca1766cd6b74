using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>What must hold before a volume is put back under whatever might be reading it.</summary>
/// <param name="array">Proven to be the cluster of the volume.</param>
internal sealed class RollBackProofs(SolidFireClient array, Marker marker)
{
    /// <summary>The request's own snapshot of the volume.</summary>
    public async Task<ClusterSnapshot> FindAsync(RequestKey snapshot, RequestKey? group, ArrayVolume volume, CancellationToken cancellation)
    {
        var own = await new StorageSnapshots(array, marker).OwnAsync(new StorageSnapshotInput(snapshot, volume, TimeSpan.Zero) { Group = group }, cancellation);
        // What a call whose answer was lost made besides still has its fuse; off those that are to stay it is taken.
        var kept = own.Count > 1 ? [.. own.Where(one => one.ExpiresAt is null)] : own;
        return kept is [var only]
            ? only
            : throw new StepFaultException(new StepFault(
                "revert.no-snapshot", FaultKind.NotFound, $"The array has {own.Count} snapshots {snapshot.NameFor(Roles.Snapshot)} of {volume}; one was expected.", "Restore the copy: POST /api/snapshots/{id}/restore."));
    }

    /// <summary>No access group holds it and no host is logged in, so that nobody can write while it is put back.</summary>
    /// <param name="arrayOnly">CloudStack was not asked: then it must be none of CloudStack's, for which this is all there is to prove.</param>
    public async Task<Volume> RequireUnreachedAsync(ArrayVolume id, bool arrayOnly, CancellationToken cancellation)
    {
        if (await array.FindVolumeAsync(id.VolumeId, cancellation) is not { IsActive: true } volume)
            throw new StepFaultException(new StepFault("array.no-volume", FaultKind.NotFound, $"{id} is not there, or not active.", "Restore the copy into a new volume instead."));
        if (arrayOnly && volume.FindAttribute(OwnVolumeDeletion.CloudStackMark) is { } cloud)
        {
            // The mark is CloudStack's number in its database, by which no public call finds a volume.
            throw new StepFaultException(new StepFault(
                "revert.cloudstack-volume", FaultKind.Rejected, $"{id} ({volume.Name}) is CloudStack's volume {cloud}, and its snapshot was taken by solidFireVolumeId: whether its machine is stopped cannot be asked of CloudStack.",
                "Stop the machine and roll the volume back on the array by hand (RollbackToSnapshot, saveCurrentState), or restore the snapshot's copy if it has one. Snapshots that are taken by volumeId can be reverted to."));
        }

        if (volume.AccessGroupIds.Count > 0)
        {
            throw new StepFaultException(new StepFault(
                "revert.in-access-group", FaultKind.Rejected, $"{id} ({volume.Name}) is in access group {string.Join(", ", volume.AccessGroupIds)}: a host can reach it.", "Stop the VM or detach the volume in CloudStack, which takes it out; take it out by hand if CloudStack has left it there."));
        }

        if (await array.ListIscsiSessionsAsync(id.VolumeId, cancellation) is [var session, ..])
            throw new StepFaultException(new StepFault("revert.in-use", FaultKind.Rejected, $"{session.InitiatorName} is logged in to {id}.", "Stop the VM or detach the volume, and log the host out of the target."));
        return volume;
    }
}
