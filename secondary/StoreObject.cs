namespace SnapshotWorkflows.Secondary;

/// <summary>What a store says of an object without reading it.</summary>
/// <param name="Name">Relative name.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Tag">Changes when the object is another one than before (like an ETag); opaque.</param>
/// <param name="ModifiedAt">By the store's clock, which may differ from ours.</param>
public sealed record StoreObject(string Name, long Length, string Tag, DateTimeOffset ModifiedAt);

/// <summary>What became of a put.</summary>
public enum PutOutcome
{
    /// <summary>This call made the object; it is durable.</summary>
    Created,

    /// <summary>An object of that name was there; it was left as it is.</summary>
    AlreadyExists,
}

/// <summary>Why an object is read.</summary>
public enum ReadPurpose
{
    Ordinary,

    /// <summary>The bytes are to come from the store and not from this machine's memory, as far as the store can see to that.</summary>
    Verification,

    /// <summary>Large parts of it are read, each about once: where the store can, past this machine's page cache, which costs less and leaves to others what they have there.</summary>
    Once,
}

/// <summary>What a pre-flight check found.</summary>
/// <param name="Mounted">The path is a mount point; null where none is asked for.</param>
/// <param name="Writable">A probe file was written, synced and removed.</param>
/// <param name="FreeBytes">Free to us now; 0 where unknown.</param>
/// <param name="TotalBytes">Size of the file system; 0 where unknown.</param>
/// <param name="Fault">The first thing that is wrong; null where all is well.</param>
public sealed record StoreCheck(bool? Mounted, bool Writable, long FreeBytes, long TotalBytes, SecondaryStoreException? Fault)
{
    public bool Ready => Fault is null;
}
