using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>Deletes the volumes that a restore had begun to make, with the proofs of DeleteClone, whatever the ledger knows. One that was handed over bears another role, and is not found here.</summary>
[DurableTask(StepNames.DeleteVolume)]
public sealed class DeleteVolume(SolidFireArrays arrays, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<OwnedVolumeInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(OwnedVolumeInput input, CancellationToken cancellation)
    {
        var array = (await arrays.RequireAsync(input.ClusterUuid, cancellation)).Client;
        var volumes = new OwnVolumes(array, marker);
        var deletion = new OwnVolumeDeletion(array);
        var found = await volumes.ActiveAsync(input.Key, input.Name, cancellation);
        foreach (var volume in found) await deletion.DeleteAsync(volume, cancellation);
        if (found.Count > 0 && (await volumes.ActiveAsync(input.Key, input.Name, cancellation)).Count > 0)
        {
            throw new StepFaultException(new StepFault("restore.still-there", FaultKind.Transient, "The array still lists a volume of this restore.", "Look at the array if this lasts.", TimeSpan.FromSeconds(1)));
        }

        if (found.Count == 0 && intents.Find(input.Key, Roles.Volume) is null) return false;
        if (found.Count == 0) intents.RequireSettled(input.Key, Roles.Volume, UnansweredCalls.OnArray, time);
        foreach (var role in (string[])[Roles.Write, Roles.CopyTask, Roles.DestinationVdi, Roles.Format, Roles.Volume]) intents.Gone(input.Key, role);
        return found.Count > 0;
    }
}
