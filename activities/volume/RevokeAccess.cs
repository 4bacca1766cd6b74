using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>Takes the request's clones out of every access group they are in, once nobody is logged in to them. Their whole mark is proof enough, whatever the ledger knows.</summary>
[DurableTask(StepNames.RevokeAccess)]
public sealed class RevokeAccess(SolidFireArrays arrays, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<OwnedCloneInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(OwnedCloneInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Source.ClusterUuid, cancellation)).Client;
        var ours = (await new OwnClones(array, intents, marker).ActiveAsync(input.Key, cancellation)).Select(clone => clone.VolumeId).ToHashSet();
        if (ours.Count == 0 && intents.Find(input.Key, Roles.Clone) is null) return false;
        var taken = 0;
        foreach (var group in await array.ListVolumeAccessGroupsAsync(cancellation))
        {
            var members = group.VolumeIds.Where(ours.Contains).ToList();
            foreach (var member in members) await array.RequireNoSessionAsync(member, _ => true, "Its access was not revoked.", cancellation);
            if (members.Count > 0) await array.RemoveVolumesFromVolumeAccessGroupAsync(group.VolumeAccessGroupId, members, cancellation);
            taken += members.Count;
        }

        if (taken == 0 && ours.Count > 0) intents.RequireSettled(input.Key, Roles.Access, UnansweredCalls.OnArray, time);
        intents.Gone(input.Key, Roles.Access);
        return true;
    }
}
