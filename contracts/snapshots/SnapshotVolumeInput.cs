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

    /// <summary>Ends with the array's snapshot: listed, deletable, and no backup.</summary>
    public bool PrimaryOnly { get; init; }

    /// <summary>CloudStack's uuid of a snapshot whose array's snapshot (or volume) is copied instead of a new one, and never deleted by us.</summary>
    public string? AdoptSnapshotId { get; init; }

    /// <summary>Folder of CloudStack's own tree that the VHD goes to: <c>snapshots/&lt;accountId&gt;/&lt;volumeId&gt;</c> (docs/cloudstack-plugin.md).</summary>
    public string? SecondaryPath { get; init; }

    /// <summary>The array's volume itself, for operators; <see cref="VolumeId"/> is then derived from it.</summary>
    public ArrayVolume? ArraySource { get; init; }

    /// <summary>CloudStack accounts that the caller may back up; null: all. Whose a volume is shows only once it was looked up.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }

    /// <summary>Told how the snapshot ended; on the list of allowed addresses.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>What stands for a volume that CloudStack does not name.</summary>
    public static string VolumeIdOf(ArrayVolume volume) => NameUuid.From($"array\n{volume?.ClusterUuid.ToLowerInvariant()}\n{volume?.VolumeId}").ToString("D");
}
