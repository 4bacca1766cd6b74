using System.Collections.Concurrent;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Keys;

namespace SnapshotWorkflows.Secondary.Chunks.Repository;

/// <summary>What every part of a repository works with: the store, the names in it, the keys.</summary>
internal sealed class ChunkRoom(ISecondaryStore store, ChunkNames names, RepositoryKeys? keys, ChunkOptions options, TimeProvider time)
{
    /// <summary>1 KiB each.</summary>
    public const int EndsMax = 20_000;

    /// <summary>Ends of sessions that were read.</summary>
    public ConcurrentDictionary<string, EndText> Ends { get; } = new(StringComparer.Ordinal);

    public ISecondaryStore Store => store;

    public ChunkNames Names => names;

    public RepositoryKeys? Keys => keys;

    public ChunkOptions Options => options;

    public TimeProvider Time => time;

    public LeafHash IdOf(LeafHash hash) => keys is null ? hash : keys.IdOf(hash);

    /// <exception cref="ChunkException"><c>chunks.key</c>.</exception>
    public DataKey Key(string id, string name) => keys?.Find(id) ?? throw new ChunkException(ChunkCodes.Key,
        $"'{name}' is encrypted with the key '{id}', which none of the given keys opens.", "Give a master key that is as new as that object, or the one it was written with.");

    /// <exception cref="ChunkException"><c>chunks.missing</c>.</exception>
    public async Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation)
    {
        try
        {
            return await store.OpenAsync(name, purpose, cancellation);
        }
        catch (SecondaryStoreException e) when (e.Code == StoreCodes.Missing)
        {
            throw new ChunkException(ChunkCodes.Missing, $"'{name}' is not on '{store.Name}'.", "Take the object from another copy of the store.", inner: e);
        }
    }

    /// <summary>A text's bytes; null where it is not there.</summary>
    public async Task<byte[]?> TryReadAsync(string name, CancellationToken cancellation)
    {
        try
        {
            return await store.ReadAllAsync(name, ChunkTexts.LongestBytes, cancellation);
        }
        catch (SecondaryStoreException e) when (e.Code == StoreCodes.Missing)
        {
            return null;
        }
    }
}
