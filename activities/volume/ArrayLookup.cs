using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>How a LUN is found by what others call it.</summary>
internal static class ArrayLookup
{
    /// <summary>
    /// The active volume of this IQN and the array that has it; null once every array has said no. An IQN holds its cluster's uniqueID (as in IQNs that owners of clusters have published), which saves asking the others; what
    /// releases put into one differs, so the IQN itself is what is compared.
    /// </summary>
    /// <exception cref="SolidFireException">It was not found, and an array that may have it does not answer.</exception>
    public static async Task<FoundVolume?> FindActiveByIqnAsync(this SolidFireArrays arrays, string iqn, CancellationToken cancellation)
    {
        bool IsNamed(ClusterInfo cluster) => iqn.Contains($":{cluster.UniqueId}.", StringComparison.OrdinalIgnoreCase);

        var likely = await arrays.AskAsync(IsNamed, cancellation);
        var named = likely.Arrays.Where(array => IsNamed(array.Cluster)).ToList();
        var found = await AmongAsync(named, iqn, cancellation);
        if (found.Count == 0)
        {
            var all = likely.Whole ? likely : await arrays.AskAllAsync(cancellation);
            found = await AmongAsync(all.Arrays.Where(array => named.TrueForAll(asked => asked.Name != array.Name)), iqn, cancellation);
            if (found.Count == 0) all.RequireAll();
        }

        if (found.Count <= 1) return found.FirstOrDefault();
        // Two entries of one array have the same volume; that is told as what it is.
        foreach (var one in found) await arrays.RequireAsync(one.Array.Cluster.Uuid, cancellation);
        throw new StepFaultException(new StepFault(
                "array.iqn-ambiguous", FaultKind.Conflict, $"{string.Join(" and ", found.Select(one => one.Array))} each have a volume with IQN {iqn}; which is meant cannot be told.", "Name the volume by solidFireVolumeId and clusterUuid."));
    }

    private static async Task<List<FoundVolume>> AmongAsync(IEnumerable<SolidFireArray> arrays, string iqn, CancellationToken cancellation)
    {
        var found = new List<FoundVolume>();
        foreach (var array in arrays)
        {
            if (await array.Client.FindActiveByIqnAsync(iqn, cancellation) is { } volume) found.Add(new FoundVolume(array, volume));
        }

        return found;
    }

    /// <summary>A SolidFire IQN ends with the volume's id, which saves listing thousands; the IQN itself is what is compared.</summary>
    private static async Task<Volume?> FindActiveByIqnAsync(this SolidFireClient array, string iqn, CancellationToken cancellation)
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
            : throw new StepFaultException(new StepFault("clone.no-naa", FaultKind.Rejected, $"The array tells no NAA identifier for volume {volume.VolumeId}.", "Use an API version of 7.0 or later in the array's Endpoint, under SolidFire."));

    public static CloneLun Lun(Volume volume, ClusterInfo cluster) =>
        new(new ArrayVolume(cluster.Uuid, volume.VolumeId), volume.Iqn, ScsiId(volume), volume.TotalBytes, cluster.Svip);
}
