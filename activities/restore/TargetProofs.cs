using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>What the array must say of a volume of CloudStack's whose disk is overwritten.</summary>
/// <param name="array">Proven to be the cluster of the volume.</param>
internal sealed class TargetProofs(SolidFireClient array)
{
    /// <exception cref="StepFaultException"><c>restore.target-not-cloudstack</c>.</exception>
    public static void RequireCloudStacks(Volume volume)
    {
        if (volume.FindAttribute(OwnVolumeDeletion.CloudStackMark) is not null) return;
        throw Refusal("restore.target-not-cloudstack", $"Volume {volume.VolumeId} ({volume.Name}) does not bear {OwnVolumeDeletion.CloudStackMark}, so it is none of CloudStack's.", "Name a volume that CloudStack created on this array.");
    }

    /// <summary>Attached for the write: only the access group of the copy host holds it, and only that host is logged in. Another pool's host is seen here alone, be that pool in the settings or not.</summary>
    public async Task RequireOnlyHostAsync(TargetLun target, CancellationToken cancellation)
    {
        var id = target.Lun.Volume;
        if (await array.FindVolumeAsync(id.VolumeId, cancellation) is not { IsActive: true } volume || volume.Iqn != target.Lun.Iqn)
            throw Refusal("restore.target-gone", $"{id} is not there any more, or is another volume.", "Find out who deleted it: the array keeps a deleted volume for 8 hours.");
        RequireCloudStacks(volume);
        var foreign = (await array.ListVolumeAccessGroupsAsync(cancellation)).FirstOrDefault(group => group.VolumeIds.Contains(id.VolumeId) && !group.Initiators.Contains(target.HostIqn, StringComparer.OrdinalIgnoreCase));
        if (foreign is not null)
            throw Refusal("restore.target-in-access-group", $"{id} ({volume.Name}) is in access group {foreign.VolumeAccessGroupId} ({foreign.Name}) too: a host of it may be using it.", "Detach the volume in CloudStack, take it out of that group, and start again.");
        if ((await array.ListIscsiSessionsAsync(id.VolumeId, cancellation)).FirstOrDefault(session => !string.Equals(session.InitiatorName, target.HostIqn, StringComparison.OrdinalIgnoreCase)) is { } stranger)
            throw Refusal("restore.target-in-use", $"{stranger.InitiatorName} is logged in to {id} ({volume.Name}).", "Detach the volume in CloudStack, log that host out of the target, and start again.");
    }

    private static StepFaultException Refusal(string code, string message, string remedy) => new(new StepFault(code, FaultKind.Rejected, message, remedy));
}
