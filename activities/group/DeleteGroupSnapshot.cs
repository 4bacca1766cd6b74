using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.GroupSteps;

/// <summary>Deletes the request's own group snapshots with their members, and proves that none of either is left.</summary>
[DurableTask(StepNames.DeleteGroupSnapshot)]
public sealed class DeleteGroupSnapshot(SolidFireArrays arrays, IntentLedger intents, Marker marker, IActivityExecution execution) : StepActivity<GroupSnapshotInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(GroupSnapshotInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Volumes[0].ClusterUuid, cancellation)).Client;
        var groups = new GroupSnapshots(array, marker);
        foreach (var group in await groups.OwnAsync(input, cancellation)) await array.DeleteGroupSnapshotAsync(group.GroupSnapshotId, keepMembers: false, cancellation);
        foreach (var volume in input.Volumes)
        {
            // Members that a deletion broken off in its middle has left.
            foreach (var snapshot in (await array.ListSnapshotsAsync(volume.VolumeId, cancellation)).Where(snapshot => marker.IsOn(snapshot.FindAttribute, input.Key, Roles.Group)))
                await array.DeleteSnapshotAsync(snapshot.SnapshotId, cancellation);
        }

        if ((await groups.OwnAsync(input, cancellation)).Count > 0)
        {
            throw new StepFaultException(new StepFault(
                "snapshot.still-there", FaultKind.Transient, $"The array still lists {input.Key.NameFor(Roles.Group)} after its deletion.", "Look at the array if this lasts."));
        }

        intents.Gone(input.Key, Roles.Group);
        return true;
    }
}
