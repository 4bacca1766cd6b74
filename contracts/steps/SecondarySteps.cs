namespace SnapshotWorkflows.Contracts;

/// <summary>The content of a whole disk, as one reader saw it.</summary>
/// <param name="Root">Hex Merkle root (docs/formats/disk-root.md).</param>
/// <param name="DiskBytes">Size of the disk.</param>
/// <param name="AllocatedBytes">Bytes that the reader had to read: what is not a hole.</param>
/// <param name="StoredBytes">Size of the object or stream that held them.</param>
public sealed record ContentReceipt(string Root, long DiskBytes, long AllocatedBytes, long StoredBytes)
{
    /// <summary>What the copy takes up on the store where that is more than its object: that and every chunk it refers to, also those that it shares. Null where its object is all.</summary>
    public long? OccupiedBytes { get; init; }
}

/// <param name="Expected">What the source's second reader found.</param>
public sealed record VerifyCopyInput(RequestKey Key, string Destination, string Location, ContentReceipt Expected)
{
    /// <summary><see cref="DataFormats"/>; null is vhd.</summary>
    public string? Format { get; init; }

    /// <summary>Name of the copy's manifest, once it is published: where the copy cannot be read, whether that can be read tells damage from a store that is away.</summary>
    public string? Manifest { get; init; }
}

/// <summary>Everything that the manifest tells; the activity adds only what the store knows.</summary>
public sealed record PublishManifestInput
{
    public required SnapshotVolumeInput Request { get; init; }

    public required CloudStackVolume Volume { get; init; }

    public required SourceVolume Array { get; init; }

    public required StorageSnapshot Snapshot { get; init; }

    public required CopyHost Host { get; init; }

    public required DestinationPlan Destination { get; init; }

    public required string Location { get; init; }

    public required ContentReceipt Content { get; init; }

    public required string Consistency { get; init; }

    public double? FrozenMs { get; init; }

    public required DateTimeOffset CopyStartedAt { get; init; }

    public required DateTimeOffset CopyEndedAt { get; init; }

    public required DateTimeOffset VerifiedAt { get; init; }
}

public sealed record ManifestReceipt(string Name, string Location);
