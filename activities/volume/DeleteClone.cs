using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>
/// Deletes the request's clones, each only after cluster, mark, absence of CloudStack's mark, access groups and iSCSI sessions all say that it is ours and
/// unused. The array keeps a deleted volume for 8 hours, the net under this step; purging is a step of its own.
/// </summary>
[DurableTask(StepNames.DeleteClone)]
public sealed class DeleteClone(SolidFireArrays arrays, IntentLedger intents, Marker marker, IActivityExecution execution) : StepActivity<OwnedCloneInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(OwnedCloneInput input, CancellationToken cancellation)
    {
        if (intents.Find(input.Key, Roles.Clone) is null) return false;
        var array = (await arrays.RequireAsync(input.Source.ClusterUuid, cancellation)).Client;
        var clones = new OwnClones(array, intents, marker);
        var deletion = new OwnVolumeDeletion(array);
        foreach (var clone in await clones.ActiveAsync(input.Key, cancellation)) await deletion.DeleteAsync(clone, cancellation);

        // A clone under way is not listed: wait for it to appear, or its deletion would be said done and the clone come afterwards.
        if (await clones.MayBeUnderWayAsync(input.Key, input.Source.VolumeId, cancellation))
        {
            throw new StepFaultException(new StepFault(
                "clone.in-doubt", FaultKind.Busy, $"A clone job of volume {input.Source.VolumeId} is running and may be ours.", "Nothing: the clone is deleted when its job ends.", TimeSpan.FromSeconds(2)));
        }

        if ((await clones.ActiveAsync(input.Key, cancellation)).Count > 0)
        {
            throw new StepFaultException(new StepFault("clone.still-there", FaultKind.Transient, "The array still lists a clone of this request.", "It is tried again; look at the array if this lasts.", TimeSpan.FromSeconds(1)));
        }

        intents.Gone(input.Key, Roles.Resign);
        intents.Gone(input.Key, Roles.Clone);
        return true;
    }
}
