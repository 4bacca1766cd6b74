using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>
/// Deletes the request's clones, each only after cluster, mark, absence of CloudStack's mark, access groups and iSCSI sessions all say that it is ours and
/// unused. The array keeps a deleted volume for 8 hours, the net under this step; purging is a step of its own.
/// The whole mark is proof enough: a ledger from before the clone, as after a restore of it, must not leave it behind.
/// </summary>
[DurableTask(StepNames.DeleteClone)]
public sealed class DeleteClone(SolidFireArrays arrays, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<OwnedCloneInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(OwnedCloneInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.Source.ClusterUuid, cancellation)).Client;
        var clones = new OwnClones(array, intents, marker);
        var found = await clones.ActiveAsync(input.Key, cancellation);
        foreach (var clone in found) await DeleteAsync(array, input.Key, clone, cancellation);
        if (intents.Find(input.Key, Roles.Clone) is null) return found.Count > 0;

        // A clone under way is not listed: wait for it to appear, or its deletion would be said done and the clone come afterwards.
        if (await clones.AnyUnderWayAsync(input.Key, input.Source.VolumeId, cancellation))
        {
            throw new StepFaultException(new StepFault(
                "clone.in-doubt", FaultKind.Busy, $"A clone job of volume {input.Source.VolumeId} is running and may be ours.", "Nothing: the clone is deleted when its job ends.", TimeSpan.FromSeconds(2)));
        }

        if ((await clones.ActiveAsync(input.Key, cancellation)).Count > 0)
        {
            throw new StepFaultException(new StepFault("clone.still-there", FaultKind.Transient, "The array still lists a clone of this request.", "Look at the array if this lasts.", TimeSpan.FromSeconds(1)));
        }

        if (found.Count == 0) intents.RequireSettled(input.Key, Roles.Clone, UnansweredCalls.OnArray, time);
        intents.Gone(input.Key, Roles.Resign);
        intents.Gone(input.Key, Roles.Clone);
        return true;
    }

    private async Task DeleteAsync(SolidFireClient array, RequestKey key, Volume clone, CancellationToken cancellation)
    {
        var left = clone.AccessGroupIds;
        // Access that was granted by a call without an answer may have come after it was taken back. Of any other group it is not taken out.
        foreach (var group in clone.AccessGroupIds.Where(group => intents.Last(key, Roles.Access)?.Marker == $"{clone.VolumeId} in {group}"))
        {
            await array.RequireNoSessionAsync(clone.VolumeId, _ => true, "It was not deleted.", cancellation);
            await array.RemoveVolumesFromVolumeAccessGroupAsync(group, [clone.VolumeId], cancellation);
            left = [.. left.Where(one => one != group)];
        }

        await new OwnVolumeDeletion(array).DeleteAsync(clone with { AccessGroupIds = left }, cancellation);
    }
}
