namespace SnapshotWorkflows.SolidFire;

/// <summary>Quality of service of the clones that are copied from, in I/O operations of 4 KiB a second. All three, or none of them.</summary>
public sealed class CopyQosOptions
{
    public const long Least = 50;
    public const long Most = 200_000;

    /// <summary>Promised even while the cluster is busy.</summary>
    public long MinIops { get; set; }

    /// <summary>Sustained.</summary>
    public long MaxIops { get; set; }

    /// <summary>For short times.</summary>
    public long BurstIops { get; set; }

    internal bool IsValid => MinIops is >= Least and <= Most && MaxIops >= MinIops && MaxIops <= Most && BurstIops >= MaxIops && BurstIops <= Most;

    internal VolumeQos ToQos() => new() { MinIops = MinIops, MaxIops = MaxIops, BurstIops = BurstIops };
}
