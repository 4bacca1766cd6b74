using SnapshotWorkflows.Secondary.Chunks.Codec;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Nfs;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>Brings leaves of a group (2 MiB of a disk) from the packs, and checks each against its hash. One a thread.</summary>
internal sealed class LeafFetcher(PackCache cache, LeafTree tree, int leafBytes) : IDisposable
{
    private const int FrameBytesMax = 2 << 20;
    private const int FrameBytesLeast = 256 * 1024;
    private readonly LeafCodec _codec = new();
    private AlignedBuffer _frames = new(0);

    /// <summary>Bytes read from packs.</summary>
    public long ReadBytes { get; private set; }

    /// <param name="records">Of leaves of one group, ascending, none of zeros.</param>
    /// <param name="target">The group's bytes; leaves that no record tells of are left as they are.</param>
    /// <exception cref="ChunkException"><c>chunks.damaged</c>, <c>chunks.missing</c>, with the extent of the disk.</exception>
    public async ValueTask FetchAsync(IReadOnlyList<IndexRecord> records, Memory<byte> target, CancellationToken cancellation)
    {
        for (var from = 0; from < records.Count;)
        {
            // Frames that lie behind each other are read in one go.
            var to = from + 1;
            var length = StoredForm.Length(records[from].Stored);
            while (to < records.Count && records[to].Pack == records[from].Pack && records[to].Offset == records[from].Offset + length
                && length + StoredForm.Length(records[to].Stored) <= FrameBytesMax)
                length += StoredForm.Length(records[to++].Stored);
            await FetchRunAsync(records, from, to, length, target, cancellation);
            from = to;
        }
        Check(records, target.Span);
    }

    public void Dispose()
    {
        _codec.Dispose();
        _frames.Dispose();
    }

    private async ValueTask FetchRunAsync(IReadOnlyList<IndexRecord> records, int from, int to, int length, Memory<byte> target, CancellationToken cancellation)
    {
        // Whole pages, so that a store which can reads past the page cache.
        var skipped = (int)(records[from].Offset % DirectFile.Alignment);
        var frames = Room(skipped + length);
        OpenPack pack;
        try
        {
            pack = await cache.RentAsync(records[from].Pack, cancellation);
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Missing or ChunkCodes.Damaged)
        {
            throw new ChunkException(e.Code, e.Message, e.Remedy, Extent(records[from], records[to - 1]), e);
        }
        try
        {
            var read = await pack.Reader.ReadAsync(records[from].Offset - skipped, frames, cancellation);
            ReadBytes += read;
            for (var (i, at) = (from, skipped); i < to; at += StoredForm.Length(records[i++].Stored))
            {
                var frame = StoredForm.Length(records[i].Stored);
                if (at + frame > read || !TryOpen(pack, records[i], frames.Span.Slice(at, frame), Place(records[i], target.Span)))
                    throw Damaged(records[i]);
            }
        }
        catch (ChunkException e) when (e is { Extent: null, Code: ChunkCodes.Missing or ChunkCodes.Damaged })
        {
            if (to - from == 1)
                throw new ChunkException(e.Code, e.Message, e.Remedy, Extent(records[from], records[from]), e);
            // One sector of up to 2 MiB: leaf by leaf, so that the error names the one that cannot be had.
            for (var i = from; i < to; i++)
                await FetchRunAsync(records, i, i + 1, StoredForm.Length(records[i].Stored), target, cancellation);
        }
        finally
        {
            cache.Return(pack);
        }
    }

    private Memory<byte> Room(int bytes)
    {
        bytes = (bytes + DirectFile.Alignment - 1) / DirectFile.Alignment * DirectFile.Alignment;
        if (_frames.Length < bytes)
        {
            _frames.Dispose();
            _frames = new AlignedBuffer(Math.Max(bytes, FrameBytesLeast), mustAlign: true);
        }
        return _frames.Memory[..bytes];
    }

    private bool TryOpen(OpenPack pack, IndexRecord record, Span<byte> frame, Span<byte> leaf)
    {
        var length = pack.Decrypt(record.Offset, frame);
        return length >= 0 && _codec.TryDecompress(StoredForm.Coding(record.Stored), frame[..length], leaf);
    }

    // All leaves of the group at once: many are hashed faster together than one by one.
    private void Check(IReadOnlyList<IndexRecord> records, ReadOnlySpan<byte> group)
    {
        if (records.Count == 0)
            return;
        uint wanted = 0;
        foreach (var record in records)
            wanted |= 1u << (int)(record.Leaf % (uint)tree.LeavesPerGroup);
        Span<LeafHash> hashes = stackalloc LeafHash[LeafHashes.Most];
        tree.Hash(records[0].Leaf / (uint)tree.LeavesPerGroup, group, wanted, hashes);
        foreach (var record in records)
        {
            if (hashes[(int)(record.Leaf % (uint)tree.LeavesPerGroup)] != record.Hash)
                throw Damaged(record);
        }
    }

    private Span<byte> Place(IndexRecord record, Span<byte> target) => target.Slice((int)(record.Leaf % (uint)tree.LeavesPerGroup) * leafBytes, leafBytes);

    private DiskExtent Extent(IndexRecord first, IndexRecord last) => new(tree.Extent(first.Leaf).Offset, tree.Extent(last.Leaf).End - tree.Extent(first.Leaf).Offset);

    private ChunkException Damaged(IndexRecord record)
    {
        var extent = tree.Extent(record.Leaf);
        return new ChunkException(ChunkCodes.Damaged, $"The pack '{cache.NameOf(record.Pack)}' is damaged at byte {record.Offset}: the {extent.Length} bytes at offset {extent.Offset} of the disk cannot be had.",
            "Restore from another copy of the store, or another snapshot; verify the repository to see what else is affected.", extent);
    }
}
