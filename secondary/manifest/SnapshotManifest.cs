using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Secondary.Manifests;

/// <summary>
/// What makes files on secondary storage a snapshot: a snapshot is backed up if and only if its manifest exists. Format version 1, described in docs/formats/manifest.md.
/// Holds no secrets and no path of any machine; all names are relative to the store that holds the manifest.
/// </summary>
public sealed record SnapshotManifest
{
    /// <summary>The version that this code writes and the newest that it reads.</summary>
    public const int CurrentFormatVersion = 1;

    /// <summary>One VHD (docs/formats/vhd.md).</summary>
    public const string VhdFormat = "vhd";

    /// <summary>A snapshot in a repository (docs/formats/chunks.md).</summary>
    public const string ChunksFormat = "chunks";

    public required int FormatVersion { get; init; }

    /// <summary>The snapshot's uuid, lower case.</summary>
    public required string SnapshotId { get; init; }

    /// <summary>The name that the request gave, or null.</summary>
    public string? Name { get; init; }

    /// <summary>Id of the installation that made it.</summary>
    public required string Installation { get; init; }

    /// <summary>The key of the request that made it: the same that marks its objects on array and host.</summary>
    public required string RequestKey { get; init; }

    /// <summary>When the array took the snapshot, by the array's clock.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>CloudStack's zone uuid.</summary>
    public required string Zone { get; init; }

    public string? Account { get; init; }

    /// <summary>Uuid of the account's domain in CloudStack: account names are unique within one only. Null in manifests that are older than it.</summary>
    public string? DomainId { get; init; }

    public required ManifestVolume Volume { get; init; }

    /// <summary>The virtual machine that the volume was attached to; null where it was detached.</summary>
    public ManifestVm? Vm { get; init; }

    /// <summary><c>vhd</c> or <c>chunks</c>.</summary>
    public required string Format { get; init; }

    /// <summary>Relative name of the data object.</summary>
    public required string Location { get; init; }

    /// <summary>Length of the data object.</summary>
    public required long DataBytes { get; init; }

    /// <summary>Size of the logical disk.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>Root of the logical disk, 64 lower-case hex digits (docs/formats/disk-root.md).</summary>
    public required string Root { get; init; }

    public required string RootAlgorithm { get; init; }

    /// <summary>Plain SHA-256 of the whole logical disk, lower-case hex, where it was asked for.</summary>
    public string? Sha256 { get; init; }

    public required ManifestConsistency Consistency { get; init; }

    public required ManifestVerification Verified { get; init; }

    public required ManifestCopy Copy { get; init; }

    /// <summary>Why all data was copied and not only what changed: <c>first</c>, <c>format-has-no-increments</c>, ...; null where not recorded.</summary>
    public string? FullReason { get; init; }

    /// <summary>The policy that it was taken for; null when a person asked.</summary>
    public string? Policy { get; init; }

    /// <summary>Tags that the request gave.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Uuid of the group that it was taken with at one instant; null where it was taken alone.</summary>
    public string? GroupId { get; init; }

    /// <summary>True where the array's own snapshot was to stay there too; null where it was not.</summary>
    public bool? KeptOnPrimary { get; init; }

    /// <summary>CloudStack's uuid of the snapshot that was adopted; null where the array's snapshot was our own.</summary>
    public string? AdoptedSnapshotId { get; init; }
}

public sealed record ManifestVolume
{
    /// <summary>CloudStack's uuid of the volume.</summary>
    public required string CloudStackId { get; init; }

    public string? Name { get; init; }

    /// <summary>Uuid of the array's cluster: a volume id alone says nothing where there are several arrays.</summary>
    public required string ArrayClusterUuid { get; init; }

    /// <summary>The array's id of the volume.</summary>
    public required long VolumeId { get; init; }

    public required string Iqn { get; init; }

    /// <summary>The VDI's virtual size.</summary>
    public required long VirtualSizeBytes { get; init; }
}

public sealed record ManifestVm
{
    public string? CloudStackId { get; init; }

    public string? Name { get; init; }

    /// <summary>XenServer's uuid of the VM.</summary>
    public string? Uuid { get; init; }
}

public sealed record ManifestConsistency
{
    public required ConsistencyKind Kind { get; init; }

    /// <summary>How the guest was to be quiesced.</summary>
    public required QuiesceMode Quiesce { get; init; }

    /// <summary>In words, for instance why a freeze that was asked for does not count.</summary>
    public string? Detail { get; init; }

    /// <summary>How long the guest was held, where it was.</summary>
    public long? FrozenMilliseconds { get; init; }
}

public sealed record ManifestVerification
{
    /// <summary>Only <see cref="VerificationLevel.Full"/> counts as verified.</summary>
    public required VerificationLevel Level { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>What compared with what, for instance <c>clone export against destination</c>.</summary>
    public required string By { get; init; }
}

public sealed record ManifestCopy
{
    public required CopyMethod Method { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>How the clone's identity was made unique.</summary>
    public required ResignStrategy Strategy { get; init; }

    /// <summary>Name of the pool that copied.</summary>
    public required string Pool { get; init; }

    /// <summary>Uuid of the host that copied.</summary>
    public required string Host { get; init; }
}
