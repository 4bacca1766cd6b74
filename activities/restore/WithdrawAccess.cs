using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>Takes the volume out of the access group that the request had put it into, and of no other. Without an intent of ours there is nothing to take back.</summary>
[DurableTask(StepNames.WithdrawAccess)]
public sealed class WithdrawAccess(SolidFireArrays arrays, IntentLedger intents, IActivityExecution execution) : StepActivity<AccessInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(AccessInput input, CancellationToken cancellation)
    {
        if (intents.Find(input.Key, Roles.Access) is not { } intent) return false;
        var array = (await arrays.RequireAsync(input.Volume.ClusterUuid, cancellation)).Client;
        foreach (var group in await array.ListVolumeAccessGroupsAsync(cancellation))
        {
            var granted = input.InitiatorIqn.Length > 0
                ? group.Initiators.Contains(input.InitiatorIqn, StringComparer.OrdinalIgnoreCase)
                : intent.Marker == $"{input.Volume.VolumeId} in {group.VolumeAccessGroupId}";
            if (granted && group.VolumeIds.Contains(input.Volume.VolumeId))
                await array.RemoveVolumesFromVolumeAccessGroupAsync(group.VolumeAccessGroupId, [input.Volume.VolumeId], cancellation);
        }

        intents.Gone(input.Key, Roles.Access);
        return true;
    }
}
