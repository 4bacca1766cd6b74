using System.Text.Json.Nodes;
using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>Makes the finished volume a person's: from now on it bears the role of one that was restored, which no sweep and no undo removes. False where somebody has deleted it by now: nothing brings it back, so it is not waited for.</summary>
[DurableTask(StepNames.HandOverVolume)]
public sealed class HandOverVolume(SolidFireArrays arrays, IntentLedger intents, Marker marker, IActivityExecution execution) : StepActivity<HandOverInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(HandOverInput input, CancellationToken cancellation)
    {
        var id = input.Lun.Volume;
        var array = (await arrays.RequireAsync(id.ClusterUuid, cancellation)).Client;
        var volumes = new OwnVolumes(array, marker);
        var volume = await array.FindVolumeAsync(id.VolumeId, cancellation);
        var isThere = volume is { IsDeleted: false };
        if (isThere && !volumes.IsHandedOver(volume!, input.Key))
        {
            if (!volumes.IsOurs(volume!, input.Key))
                throw new StepFaultException(new StepFault("clone.not-ours", FaultKind.Conflict, $"{id} does not bear the mark of this restore.", "Nothing was touched; report this with the instance's history."));
            JsonObject attributes = marker.Attributes(input.Key, Roles.Restored);
            attributes["swf-snapshot"] = input.SnapshotId;
            await array.ModifyVolumeAsync(id.VolumeId, new VolumeChanges { Attributes = attributes }, cancellation);
        }

        foreach (var role in (string[])[Roles.Write, Roles.CopyTask, Roles.DestinationVdi, Roles.Format, Roles.Volume]) intents.Gone(input.Key, role);
        return isThere;
    }
}
