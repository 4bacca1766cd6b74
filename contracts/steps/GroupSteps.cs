namespace SnapshotWorkflows.Contracts;

public sealed record ListVmVolumesInput(string VmId)
{
    /// <summary>As of <see cref="AccountScope"/>: of a VM of anybody else nothing is told. Null: all.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }
}

/// <param name="VolumeIds">CloudStack uuids, in order.</param>
public sealed record VmVolumes(IReadOnlyList<string> VolumeIds);

/// <param name="Retention">The fuse, as of a single snapshot; where it is renewed, from now.</param>
public sealed record GroupSnapshotInput(RequestKey Key, IReadOnlyList<ArrayVolume> Volumes, TimeSpan Retention)
{
    /// <summary>Where members are kept: their snapshots, in the order of the volumes.</summary>
    public IReadOnlyList<RequestKey>? Members { get; init; }

    /// <summary>As of a single snapshot.</summary>
    public string? Freeze { get; init; }

    /// <summary>Where members are kept, or renewed: the array's id of the group that was taken. Null in inputs that are older than this member.</summary>
    public long? GroupSnapshotId { get; init; }
}

/// <param name="Members">In the order of the volumes that were asked for.</param>
public sealed record GroupSnapshotReceipt(long GroupSnapshotId, DateTimeOffset CreatedAt, IReadOnlyList<StorageSnapshot> Members);

/// <summary>What the group's own manifest tells.</summary>
public sealed record PublishGroupInput(SnapshotGroupInput Request, string Destination, string ZoneId, string? VmName, string? Account, DateTimeOffset? TakenAt, string Consistency, IReadOnlyList<GroupMember> Members)
{
    /// <summary>Uuid of the account's domain.</summary>
    public string? DomainId { get; init; }
}
