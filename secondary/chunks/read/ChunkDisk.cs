using System.Runtime.CompilerServices;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>A snapshot as a disk that can be read at random; every leaf is checked. One reader at a time. Reading on where the last read ended costs least.</summary>
public sealed class ChunkDisk : ISparseDisk, IRandomAccessSource, IAsyncDisposable
{
    private readonly ChunkRoom _room;
    private readonly ChunkSnapshot _snapshot;
    private readonly LeafTree _tree;
    private readonly PackTable _packs = new();
    private readonly PackCache _cache;
    private readonly LeafFetcher _fetcher;
    private readonly List<DiskExtent> _held;
    private readonly byte[] _group = new byte[DiskRoot.GroupBytes];
    private readonly SemaphoreSlim _one = new(1);
    private LayeredIndex? _index;
    private long _indexGroup;
    private long _groupHeld = -1;

    private ChunkDisk(ChunkRoom room, ChunkSnapshot snapshot, List<DiskExtent> held)
    {
        (_room, _snapshot, _held) = (room, snapshot, held);
        _tree = new LeafTree(snapshot.LeafBytes, snapshot.DiskBytes);
        _cache = new PackCache(room, _packs, ReadPurpose.Ordinary);
        _fetcher = new LeafFetcher(_cache, _tree, snapshot.LeafBytes);
    }

    public long DiskBytes => _snapshot.DiskBytes;

    public long Length => _snapshot.DiskBytes;

    internal static async Task<ChunkDisk> OpenAsync(ChunkRoom room, ChunkSnapshot snapshot, CancellationToken cancellation)
    {
        var pages = new List<DiskExtent>();
        try
        {
            foreach (var name in snapshot.Layers.SelectMany(l => l.Objects))
            {
                foreach (var page in (await IndexObject.ReadTailAsync(room, LayeredIndex.Parse(name), cancellation)).Pages)
                    pages.Add(new DiskExtent((long)page.First * snapshot.LeafBytes, ((long)page.Last - page.First + 1) * snapshot.LeafBytes));
            }
        }
        catch (ChunkException e) when (IndexExtents.IsWanted(e))
        {
            throw await IndexExtents.LocateAsync(room, snapshot, e, cancellation);
        }
        var held = new List<DiskExtent>();
        foreach (var page in pages.OrderBy(p => p.Offset))
        {
            if (held.Count > 0 && page.Offset <= held[^1].End)
                held[^1] = held[^1] with { Length = Math.Max(held[^1].End, page.End) - held[^1].Offset };
            else
                held.Add(page);
        }
        return new ChunkDisk(room, snapshot, held);
    }

    /// <summary>As exact as the pages of the index are: ranges of up to 4,096 leaves with data.</summary>
    public bool MayHoldData(long offset, long length)
    {
        var (low, high) = (0, _held.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_held[middle].End <= offset)
                low = middle + 1;
            else
                high = middle;
        }
        return low < _held.Count && _held[low].Offset < offset + length;
    }

    public async IAsyncEnumerable<DiskExtent> ExtentsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var index = new LayeredIndex(_room, _snapshot.Layers, new PackTable());
        var pending = default(DiskExtent);
        await foreach (var record in index.RecordsAsync(0, cancellation))
        {
            if (record.IsZeros || record.Leaf >= _tree.LeafCount)
                continue;
            var extent = _tree.Extent(record.Leaf);
            if (pending.Length > 0 && pending.End != extent.Offset)
            {
                yield return pending;
                pending = default;
            }
            pending = pending.Length > 0 ? pending with { Length = pending.Length + extent.Length } : extent;
        }
        if (pending.Length > 0)
            yield return pending;
    }

    /// <exception cref="ChunkException"><c>chunks.damaged</c>, <c>chunks.missing</c>, with the extent of the disk; nothing of the range is returned then.</exception>
    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var wanted = (int)Math.Clamp(DiskBytes - offset, 0, buffer.Length);
        await _one.WaitAsync(cancellation);
        try
        {
            for (var done = 0; done < wanted;)
            {
                var at = offset + done;
                var within = (int)(at % DiskRoot.GroupBytes);
                var count = Math.Min(wanted - done, DiskRoot.GroupBytes - within);
                await LoadAsync(at / DiskRoot.GroupBytes, cancellation);
                _group.AsSpan(within, count).CopyTo(buffer.Span[done..]);
                done += count;
            }
        }
        catch (ChunkException e) when (IndexExtents.IsWanted(e))
        {
            throw await IndexExtents.LocateAsync(_room, _snapshot, e, cancellation);
        }
        finally
        {
            _one.Release();
        }
        return wanted;
    }

    public async ValueTask DisposeAsync()
    {
        _fetcher.Dispose();
        await _cache.DisposeAsync();
        await DropIndexAsync();
        _one.Dispose();
    }

    private async ValueTask LoadAsync(long group, CancellationToken cancellation)
    {
        if (_groupHeld == group)
            return;
        _groupHeld = -1;
        _group.AsSpan().Clear();
        if (MayHoldData(group * DiskRoot.GroupBytes, DiskRoot.GroupBytes))
        {
            // Cursors only go forward, and stand behind the group that they were last asked for.
            if (_index is not null && group <= _indexGroup)
                await DropIndexAsync();
            _index ??= new LayeredIndex(_room, _snapshot.Layers, _packs);
            _indexGroup = group;
            try
            {
                var records = new IndexRecord?[_tree.LeavesIn(group)];
                await _index.FillAsync((uint)(group * _tree.LeavesPerGroup), records, cancellation);
                await _fetcher.FetchAsync([.. records.OfType<IndexRecord>().Where(r => !r.IsZeros)], _group, cancellation);
            }
            catch
            {
                // A cursor that failed has passed the page that it did not read: the next read would take its leaves for zeros.
                await DropIndexAsync();
                throw;
            }
        }
        _groupHeld = group;
    }

    private async ValueTask DropIndexAsync()
    {
        if (_index is not { } index)
            return;
        _index = null;
        await index.DisposeAsync();
    }
}
