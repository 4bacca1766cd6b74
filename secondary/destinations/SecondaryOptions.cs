namespace SnapshotWorkflows.Secondary.Destinations;

/// <summary>Section <c>Secondary</c> of the settings.</summary>
public sealed class SecondaryOptions
{
    public IList<SecondaryDestinationOptions> Destinations { get; init; } = [];

    /// <summary>Name of the destination of requests that name none. May be left out where there is just one.</summary>
    public string? DefaultDestination { get; set; }
}

/// <summary>One place for copies.</summary>
public sealed class SecondaryDestinationOptions
{
    public string Name { get; set; } = "";

    /// <summary><c>nfs</c>.</summary>
    public string Kind { get; set; } = "nfs";

    /// <summary>The folder as this machine sees it.</summary>
    public string Path { get; set; } = "";

    /// <summary>NFS server as hypervisors reach it.</summary>
    public string Server { get; set; } = "";

    /// <summary>Exported path as hypervisors mount it; the same folder as <see cref="Path"/>.</summary>
    public string Export { get; set; } = "";

    /// <summary>Whether <see cref="Path"/> must be a mount point. Default true.</summary>
    public bool RequireMount { get; set; } = true;

    /// <summary>Streams and folders are refused when less is free; small objects (manifests) are not. Default 1 GiB.</summary>
    public long MinimumFreeBytes { get; set; } = 1L << 30;
}
