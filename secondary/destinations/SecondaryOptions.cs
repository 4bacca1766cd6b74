using SnapshotWorkflows.Secondary.Retry;
using SnapshotWorkflows.Secondary.Throttle;

namespace SnapshotWorkflows.Secondary.Destinations;

/// <summary>Section <c>Secondary</c> of the settings.</summary>
public sealed class SecondaryOptions
{
    public IList<SecondaryDestinationOptions> Destinations { get; init; } = [];

    /// <summary>Name of the destination of requests that name none. May be left out where there is just one.</summary>
    public string? DefaultDestination { get; set; }

    /// <summary>
    /// For how many nightly collections a deleted snapshot stays whole in its repository of chunks, 0 to 365. Default 1. <see cref="Chunks.ChunkRepository.UndeleteAsync"/> takes the deletion back there; the service has no
    /// route to it, for the snapshot's own manifest is gone by then.
    /// </summary>
    public int ChunkUndoRuns { get; set; } = 1;
}

/// <summary>One place for copies.</summary>
public sealed class SecondaryDestinationOptions
{
    public string Name { get; set; } = "";

    /// <summary><c>nfs</c>: a folder, as a rule a mounted export, which hypervisors can mount too. <c>blob</c>: a container of Azure Blob Storage.</summary>
    public string Kind { get; set; } = NfsKind;

    internal const string NfsKind = "nfs";
    internal const string BlobKind = "blob";

    /// <summary>The settings of a blob destination; null for other kinds.</summary>
    public BlobDestinationOptions? Blob { get; set; }

    /// <summary>Keys for copies in the format chunks; null = they are not encrypted.</summary>
    public ChunkDestinationOptions? Chunks { get; set; }

    public StoreRetryOptions Retry { get; init; } = new();

    public StoreThrottleOptions Throttle { get; init; } = new();

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

/// <summary>Section <c>Blob</c> of a destination: exactly one of connection string, account key and SAS. Holds secrets, so it has no ToString of its own.</summary>
public sealed class BlobDestinationOptions
{
    /// <summary>For instance <c>https://account.blob.core.windows.net</c>; not with a connection string.</summary>
    public Uri? ServiceUrl { get; set; }

    public string Container { get; set; } = "";

    public string? ConnectionString { get; set; }

    public string? AccountName { get; set; }

    public string? AccountKey { get; set; }

    public string? Sas { get; set; }

    /// <summary>Make the container where it is missing. Default false.</summary>
    public bool CreateContainer { get; set; }

    /// <summary>Longest time without an answer, an hour at most. Default 100 s.</summary>
    public TimeSpan NetworkTimeout { get; set; } = TimeSpan.FromSeconds(100);
}
