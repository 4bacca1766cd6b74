namespace SnapshotWorkflows.Contracts;

/// <summary>The public face of one group: the instance's custom status.</summary>
public sealed record SnapshotGroupStatus
{
    /// <summary>BackedUp only when every member is.</summary>
    public required SnapshotState State { get; init; }

    public required string VmId { get; init; }

    public string? Step { get; init; }

    public StepNotice? Waiting { get; init; }

    public string? Consistency { get; init; }

    public double? FrozenMs { get; init; }

    /// <summary>The one instant of all members, by the array's clock.</summary>
    public DateTimeOffset? TakenAt { get; init; }

    /// <summary>Empty until the VM's volumes are known, and in a group that ended before any member began.</summary>
    public GroupMembers Members { get; init; } = new([]);

    /// <summary>Name of the group's own manifest on its destination.</summary>
    public string? Manifest { get; init; }

    public string? Destination { get; init; }

    public StepNotice? Failure { get; init; }

    public CleanupStatus Cleanup { get; init; } = new(Done: false, Stuck: null);

    public bool Ended { get; init; }
}

/// <summary>One volume of a group.</summary>
/// <param name="SnapshotId">Its snapshot, with a status of its own.</param>
/// <param name="Failure">Why it came to nothing; null while it has not.</param>
public sealed record GroupMember(string VolumeId, string SnapshotId, SnapshotState State, string? Manifest, StepNotice? Failure);

/// <summary>Members by value, so that a status that has not changed is seen as the same.</summary>
public sealed record GroupMembers(IReadOnlyList<GroupMember> Items)
{
    public bool Equals(GroupMembers? other) => other is not null && Items.SequenceEqual(other.Items);

    public override int GetHashCode() => Items.Count;
}
