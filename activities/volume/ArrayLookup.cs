using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>How a LUN is found by what others call it.</summary>
internal static class ArrayLookup
{
    /// <summary>A SolidFire IQN ends with the volume's id, which saves listing thousands; the IQN itself is what is compared.</summary>
    public static async Task<Volume?> FindActiveByIqnAsync(this SolidFireClient array, string iqn, CancellationToken cancellation)
    {
        if (long.TryParse(iqn.AsSpan(iqn.LastIndexOf('.') + 1), out var id)
            && await array.FindVolumeAsync(id, cancellation) is { } guessed && IsIt(guessed))
        {
            return guessed;
        }

        var all = await array.ListVolumesAsync(new VolumeFilter { Status = Volume.ActiveStatus }, cancellation);
        return all.SingleOrDefault(IsIt);

        bool IsIt(Volume volume) => volume.IsActive && string.Equals(volume.Iqn, iqn, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>XenServer's SCSIid of a SolidFire LUN: 3 and the NAA identifier.</summary>
    public static string ScsiId(Volume volume) =>
        volume.ScsiNaaDeviceId is { Length: > 0 } naa
            ? $"3{naa}"
            : throw new StepFaultException(new StepFault("clone.no-naa", FaultKind.Rejected, $"The array tells no NAA identifier for volume {volume.VolumeId}.", "Use an API version of 7.0 or later in SolidFire:Endpoint."));

    public static CloneLun Lun(Volume volume, ClusterInfo cluster) =>
        new(new ArrayVolume(cluster.Uuid, volume.VolumeId), volume.Iqn, ScsiId(volume), volume.TotalBytes, cluster.Svip);
}
