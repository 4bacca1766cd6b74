using System.Collections.Concurrent;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Keys;

namespace SnapshotWorkflows.Secondary.Chunks.Repository;

/// <summary>What every part of a repository works with: the store, the names in it, the keys.</summary>
internal sealed class ChunkRoom(ISecondaryStore store, ChunkNames names, RepositoryKeys? keys, ChunkOptions options, TimeProvider time)
{
    /// <summary>1 KiB each.</summary>
    public const int EndsMax = 20_000;

    // Whoever opened the repository has read its text.
    private readonly SecondLook _look = new(store, names.Repository);

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

    /// <exception cref="ChunkException"><c>chunks.missing</c>; <c>chunks.damaged</c> where the object cannot be read and the repository's text can. Its reads throw the same.</exception>
    public async Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation)
    {
        try
        {
            return new Reader(this, name, await _look.OpenAsync(name, purpose, cancellation));
        }
        catch (SecondaryStoreException e) when (IsOfTheObject(e))
        {
            throw Fault(name, e);
        }
    }

    /// <summary>A text's bytes; null where it is not there.</summary>
    /// <exception cref="ChunkException"><c>chunks.damaged</c>: it is longer than any, or cannot be read.</exception>
    public async Task<byte[]?> TryReadAsync(string name, CancellationToken cancellation)
    {
        try
        {
            await using var reader = await OpenAsync(name, ReadPurpose.Ordinary, cancellation);
            if (reader.Length > ChunkTexts.LongestBytes)
                throw ChunkTexts.Damaged(name, $"it has {reader.Length} bytes, more than a text may have");
            var bytes = new byte[reader.Length];
            await reader.ReadExactlyAsync(0, bytes, cancellation);
            return bytes;
        }
        catch (ChunkException e) when (e.Code == ChunkCodes.Missing)
        {
            return null;
        }
    }

    private static bool IsOfTheObject(SecondaryStoreException failure) => failure.Code is StoreCodes.Missing or StoreCodes.Unreadable;

    private ChunkException Fault(string name, SecondaryStoreException failure) => failure.Code == StoreCodes.Missing
        ? new ChunkException(ChunkCodes.Missing, $"'{name}' is not on '{store.Name}'.", "Take the object from another copy of the store.", inner: failure)
        : new ChunkException(ChunkCodes.Damaged, failure.Message, failure.Remedy, inner: failure);

    private sealed class Reader(ChunkRoom room, string name, IStoreReader inner) : IStoreReader
    {
        public long Length => inner.Length;

        public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            try
            {
                return await inner.ReadAsync(offset, buffer, cancellation);
            }
            catch (SecondaryStoreException e) when (IsOfTheObject(e))
            {
                throw room.Fault(name, e);
            }
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
