namespace SnapshotWorkflows.Contracts;

/// <summary>What SnapshotGroup is started with. Stored for ever: add optional members only.</summary>
public sealed record SnapshotGroupInput
{
    public required RequestKey Key { get; init; }

    /// <summary>The CloudStack VM's uuid.</summary>
    public required string VmId { get; init; }

    public string? Name { get; init; }

    public QuiesceMode Quiesce { get; init; }

    public string? Destination { get; init; }

    /// <summary><see cref="CopyMethods"/>; null lets the destination decide.</summary>
    public string? Copy { get; init; }

    /// <summary><see cref="DataFormats"/>; null is vhd.</summary>
    public string? Format { get; init; }

    public bool KeepOnPrimary { get; init; }

    /// <summary>Who asked: the name of the key that was used, never the key.</summary>
    public required string Caller { get; init; }

    /// <summary>CloudStack accounts that the caller is confined to; null: all.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Ends with the array's snapshots: each listed, deletable, and no backup.</summary>
    public bool PrimaryOnly { get; init; }

    /// <summary>Told how each member ended, and how the group did; null: nobody is.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>The policy by whose rule the members' copies are kept and let go.</summary>
    public string? Policy { get; init; }

    /// <summary>The key of one volume's snapshot in this group, the same at every attempt.</summary>
    public RequestKey MemberOf(string volumeId) => new(NameUuid.From($"member\n{Key.Value}\n{volumeId}").ToString("N"));
}

/// <summary>What a member of a group does not do itself: its array's snapshot was taken with the others', and the group takes it away.</summary>
/// <param name="Consistency"><c>crash</c> or <c>quiesced</c>.</param>
public sealed record GroupMembership(RequestKey Group, ArrayVolume Volume, StorageSnapshot Snapshot, string Consistency, double? FrozenMs);

public sealed record SnapshotGroupResult(string GroupId, IReadOnlyList<GroupMember> Members, string? Manifest);
