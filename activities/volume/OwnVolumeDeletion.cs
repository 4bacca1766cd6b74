using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>Deletes a volume that bears our whole mark, once everything else says too that it is ours and unused: no mark of CloudStack's, no access group, no iSCSI session.</summary>
internal sealed class OwnVolumeDeletion(SolidFireClient array)
{
    /// <summary>Set by CloudStack's plug-in on volumes of its users.</summary>
    public const string CloudStackMark = "CloudStackVolumeId";

    public async Task DeleteAsync(Volume volume, CancellationToken cancellation)
    {
        if (volume.FindAttribute(CloudStackMark) is not null)
        {
            throw new StepFaultException(new StepFault(
                "clone.not-ours", FaultKind.Conflict, $"Volume {volume.VolumeId} bears {CloudStackMark}: CloudStack uses it. It was not deleted.", "Find out who made it a CloudStack volume; take our mark off it if it is to stay."));
        }

        if (volume.AccessGroupIds.Count > 0)
        {
            throw new StepFaultException(new StepFault(
                "clone.in-access-group", FaultKind.Conflict, $"Volume {volume.VolumeId} is in access group {string.Join(", ", volume.AccessGroupIds)}. It was not deleted.", "Take it out of the group if nobody uses it."));
        }

        var sessions = await array.ListIscsiSessionsAsync(volume.VolumeId, cancellation);
        if (sessions.Count > 0)
        {
            throw new StepFaultException(new StepFault(
                "clone.in-use", FaultKind.Busy, $"{sessions[0].InitiatorName} is logged in to volume {volume.VolumeId}. It was not deleted.", "Log the host out of the target (unplug the PBD, iscsiadm --logout)."));
        }

        await array.DeleteVolumeAsync(volume.VolumeId, cancellation);
    }
}
