namespace SnapshotWorkflows.Contracts;

/// <summary>What RestoreVolume is started with: a snapshot, and either a volume to fill or what a new one is to be like. Stored for ever: add optional members only.</summary>
public sealed record RestoreVolumeInput
{
    /// <summary>The restore's own key, and its instance id.</summary>
    public required RequestKey Key { get; init; }

    public required RequestKey Snapshot { get; init; }

    /// <summary>CloudStack's uuid of the detached volume to fill; null makes a new volume on the array.</summary>
    public string? TargetVolumeId { get; init; }

    /// <summary>The new volume's name on the array, which cannot be changed later; null derives one from the key.</summary>
    public string? Name { get; init; }

    /// <summary>The cluster that is to hold the new volume; null is that of the volume that the snapshot was taken of.</summary>
    public string? ClusterUuid { get; init; }

    /// <summary>The array's account of the new volume; null is that of the volume that the snapshot was taken of.</summary>
    public long? AccountId { get; init; }

    public RestoreQos? Qos { get; init; }

    /// <summary>Name or uuid of the copy pool's host that writes; null lets the pool's state decide.</summary>
    public string? Host { get; init; }

    /// <summary>Who asked: the name of the key that was used, never the key.</summary>
    public required string Caller { get; init; }

    /// <summary>Told how the restore ended; on the list of allowed addresses.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>CloudStack accounts that the caller is confined to; null: all.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }
}

/// <summary>Input/output operations per second; null leaves a figure to the array.</summary>
public sealed record RestoreQos(long? MinIops, long? MaxIops, long? BurstIops);

/// <summary>Where the restored disk is now.</summary>
/// <param name="VolumeId">The array's id, which means nothing without the cluster.</param>
/// <param name="TargetVolumeId">CloudStack's uuid, where one of its volumes was filled.</param>
public sealed record RestoredVolume(string ClusterUuid, long VolumeId, string Iqn, string VdiUuid, string SrUuid, string? TargetVolumeId);
