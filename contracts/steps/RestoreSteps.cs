namespace SnapshotWorkflows.Contracts;

public sealed record InspectCopyInput(RequestKey Snapshot)
{
    /// <summary>The copy is to take the place of what a volume holds: one that was found damaged is refused then.</summary>
    public bool Overwrites { get; init; }
}

/// <summary>A copy as its manifest tells: what is to be restored, and how the result is recognised.</summary>
/// <param name="Root">Hex Merkle root of the whole disk.</param>
public sealed record RestoreSource(StoredCopy Copy, string Root, long DiskBytes, string? Account, string? VolumeName)
{
    /// <summary>Uuid of the account's domain, where the manifest tells it.</summary>
    public string? DomainId { get; init; }
}

/// <param name="Name">Of the new volume on the array.</param>
/// <param name="Source">The volume that the snapshot was taken of: its account is the default.</param>
public sealed record InspectNewVolumeInput(RequestKey Key, string Name, ArrayVolume Source, long? AccountId, long DiskBytes)
{
    /// <summary>The cluster that is to hold it; null is the source's.</summary>
    public string? ClusterUuid { get; init; }
}

/// <summary>A volume that the array has room for.</summary>
public sealed record NewVolumePlan(string ClusterUuid, long AccountId, string Name, long TotalSizeBytes);

public sealed record CreateVolumeInput(RequestKey Key, NewVolumePlan Plan, RestoreQos? Qos);

/// <summary>Names a volume of ours that a restore is making.</summary>
public sealed record OwnedVolumeInput(RequestKey Key, string ClusterUuid, string Name);

/// <param name="SnapshotId">What was restored into it, for its attributes.</param>
public sealed record HandOverInput(RequestKey Key, CloneLun Lun, string SnapshotId);

/// <summary>A detached CloudStack volume of which the LUN is looked for.</summary>
public sealed record FindTargetInput(RequestKey Key, CloudStackVolume Volume, long DiskBytes);

/// <summary>A LUN that no pool may have plugged, but for the request's own SR.</summary>
/// <param name="VdiUuid">The disk on it, where known.</param>
public sealed record ProveUnpluggedInput(RequestKey Key, string Iqn, string? VdiUuid);

/// <param name="Fresh">The disk was made for this and holds nothing: only what is not zero is written. Otherwise every byte is.</param>
public sealed record WriteVdiInput(RequestKey Key, string Pool, string VdiUuid, bool Fresh, RestoreSource Source)
{
    /// <summary>The LUN of CloudStack's volume that is overwritten, and who alone may reach it.</summary>
    public TargetLun? Target { get; init; }
}

/// <param name="HostIqn">Initiator of the copy host.</param>
public sealed record TargetLun(CloneLun Lun, string HostIqn);

/// <param name="Bytes">Bytes that went to the host.</param>
public sealed record WriteReceipt(long Bytes, double Seconds);
