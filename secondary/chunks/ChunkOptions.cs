namespace SnapshotWorkflows.Secondary.Chunks;

/// <summary>How a repository is used. Nothing here changes what can be read.</summary>
public sealed record ChunkOptions
{
    public const int LeafBytesSmall = 64 * 1024;
    public const int LeafBytesLarge = 256 * 1024;

    /// <summary>Where the repository lies in the store. Ends in '/'.</summary>
    public string Prefix { get; init; } = "swf/chunks/";

    /// <summary>Most memory for bytes under way and look-up tables. Default 256 MiB, at least 96 MiB.</summary>
    public long MemoryBytes { get; init; } = 256L << 20;

    /// <summary>Threads that read, hash and compress. 1 = everything on the caller's own, one step after the other.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Length at which a pack is finished: 4 to 16 MiB. Default 8 MiB: what is under way and would be sent again after a crash stays below 64 MiB.</summary>
    public int PackBytes { get; init; } = 8 << 20;

    /// <summary>Packs that are written to the store at once. Default 4.</summary>
    public int Uploads { get; init; } = 4;

    /// <summary>Records in an index object. For tests; the format's limit otherwise.</summary>
    internal int IndexRecordsMax { get; init; } = Format.IndexTail.RecordsMax;

    /// <summary>Packs, and indexes, that one collection condemns: their names are one text, which must stay far below the longest that is read. The next collection takes the rest.</summary>
    internal int CondemnedMax { get; init; } = 200_000;

    /// <summary>Whether zstd is used; null = where libzstd is there. For tests.</summary>
    internal bool? Zstd { get; init; }

    /// <summary>Salts, and names never used before. For tests.</summary>
    internal Func<int, byte[]> RandomBytes { get; init; } = System.Security.Cryptography.RandomNumberGenerator.GetBytes;

    internal ProtocolFlaws Flaws { get; init; }

    internal void Check()
    {
        if (!Prefix.EndsWith('/') || !StoreName.IsValid(Prefix[..^1]))
            throw new ChunkException(ChunkCodes.Refused, "The repository's prefix is no valid name that ends in '/'.", "Use a prefix such as swf/chunks/.");
        if (MemoryBytes < 96L << 20 || Workers < 1 || Uploads is < 1 or > 64 || PackBytes is < 64 * 1024 or > 16 << 20)
            throw new ChunkException(ChunkCodes.Refused, "Memory below 96 MiB, no worker, more than 64 uploads, or a pack size beyond 16 MiB.", "Correct the settings of the repository.");
    }
}
