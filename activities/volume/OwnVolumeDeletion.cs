using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>Deletes a volume that bears our whole mark, once everything else says too that it is ours and unused: no mark of CloudStack's, no access group, no iSCSI session.</summary>
internal sealed class OwnVolumeDeletion(SolidFireClient array)
{
    public const string CloudStackMark = CloneProofs.CloudStackMark;

    public async Task DeleteAsync(Volume volume, CancellationToken cancellation)
    {
        await array.RequireUnusedAsync(volume, cancellation);
        await array.DeleteVolumeAsync(volume.VolumeId, cancellation);
    }
}
