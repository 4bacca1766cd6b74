using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>Takes the request's clones out of every access group they are in.</summary>
[DurableTask(StepNames.RevokeAccess)]
public sealed class RevokeAccess(SolidFireArrays arrays, IntentLedger intents, Marker marker, IActivityExecution execution) : StepActivity<OwnedCloneInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(OwnedCloneInput input, CancellationToken cancellation)
    {
        if (intents.Find(input.Key, Roles.Clone) is null) return false;
        var array = (await arrays.RequireAsync(input.Source.ClusterUuid, cancellation)).Client;
        var ours = (await new OwnClones(array, intents, marker).ActiveAsync(input.Key, cancellation)).Select(clone => clone.VolumeId).ToHashSet();
        foreach (var group in await array.ListVolumeAccessGroupsAsync(cancellation))
        {
            var members = group.VolumeIds.Where(ours.Contains).ToList();
            if (members.Count > 0) await array.RemoveVolumesFromVolumeAccessGroupAsync(group.VolumeAccessGroupId, members, cancellation);
        }

        intents.Gone(input.Key, Roles.Access);
        return true;
    }
}
