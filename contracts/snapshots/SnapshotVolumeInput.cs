namespace SnapshotWorkflows.Contracts;

/// <summary>What SnapshotVolume is started with. Stored for ever: add optional members only.</summary>
public sealed record SnapshotVolumeInput
{
    public required RequestKey Key { get; init; }

    /// <summary>The CloudStack volume's uuid.</summary>
    public required string VolumeId { get; init; }

    /// <summary>Shown to users; CloudStack's manner (vm_volume_time) when the request gave none.</summary>
    public string? Name { get; init; }

    public QuiesceMode Quiesce { get; init; }

    /// <summary>Name of a configured destination; null is the default one.</summary>
    public string? Destination { get; init; }

    /// <summary><see cref="CopyMethods"/>; null: offload where the destination is one that hypervisors write to, else stream.</summary>
    public string? Copy { get; init; }

    /// <summary><see cref="DataFormats"/>; null is vhd.</summary>
    public string? Format { get; init; }

    /// <summary>Keep the array's snapshot after the copy is proven. It then has no retention fuse.</summary>
    public bool KeepOnPrimary { get; init; }

    /// <summary>Who asked: the name of the key that was used, never the key.</summary>
    public required string Caller { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>The policy that it is taken for; null when a person asked.</summary>
    public string? Policy { get; init; }

    /// <summary>Set where it is one volume of a group: the array's snapshot was taken with the others'.</summary>
    public GroupMembership? Member { get; init; }

    /// <summary>The group that it belongs to, also where that has one volume only.</summary>
    public RequestKey? Group { get; init; }
}
