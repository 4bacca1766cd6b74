namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>A store in a folder, as a rule a mounted NFS export.</summary>
public sealed record FolderStoreOptions
{
    /// <summary>The destination's name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The folder as this machine sees it; absolute.</summary>
    public required string Path { get; init; }

    /// <summary>Whether the folder must be a mount point itself. With false a mount that has gone fills the disk below it: only for tests and single machines.</summary>
    public bool RequireMount { get; init; } = true;

    /// <summary>Streams and folders are refused when less is free; small objects (manifests) are not. Default 1 GiB.</summary>
    public long MinimumFreeBytes { get; init; } = 1L << 30;
}
