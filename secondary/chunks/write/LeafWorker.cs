using SnapshotWorkflows.Secondary.Chunks.Codec;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

/// <summary>What all workers of a backup share.</summary>
internal sealed record WriteShare(
    ChunkRoom Room, IRandomAccessSource? Source, LeafTree Tree, int LeafBytes, bool WholeIndex, PackTable Packs, DedupTable Table, PackUploads Uploads, DiskRootBuilder Root);

/// <summary>Takes groups of leaves through read, zero detection, hash, look-up, compression and encryption. One a thread.</summary>
internal sealed class LeafWorker(WriteShare share) : IDisposable
{
    private readonly LeafCodec _codec = new(share.Room.Options.Zstd);
    private readonly List<(int Leaf, LeafHash Id)> _later = [];
    private AlignedBuffer? _buffer;

    /// <summary>Its pack.</summary>
    public PackSlot Slot { get; } = new(share.Uploads);

    public async ValueTask<LeafGroupResult> ProcessAsync(LeafGroup group, CancellationToken cancellation)
    {
        var bytes = await BytesAsync(group, cancellation);
        var leaves = share.Tree.LeavesIn(group.Group);
        var records = new IndexRecord?[leaves];
        var hashes = new LeafHash[leaves];
        long data = 0, read = 0;
        var filled = Filled(group, leaves, bytes.Span);
        share.Tree.Hash(group.Group, bytes.Span, filled, hashes);
        for (var i = 0; i < leaves; i++)
        {
            var leaf = group.Group * share.Tree.LeavesPerGroup + i;
            var isRead = (group.Read >> i & 1) != 0;
            var previous = group.Previous[i];
            var isZero = isRead ? (filled >> i & 1) == 0 : group.IsHole || previous is not { IsZeros: false };
            read += isRead ? Math.Min(share.LeafBytes, group.Length - i * share.LeafBytes) : 0;
            if (isZero)
            {
                hashes[i] = share.Tree.ZerosAt(leaf);
                if (!share.WholeIndex && previous is { IsZeros: false })
                    records[i] = IndexRecord.ZerosAt((uint)leaf);
                continue;
            }
            data += share.Tree.Extent(leaf).Length;
            if (!isRead)
                hashes[i] = previous!.Value.Hash;
            if (Known(previous, hashes[i]) is { } same)
            {
                if (share.WholeIndex)
                    records[i] = same with { Leaf = (uint)leaf };
            }
            else if (!isRead)
                // Only a pack that is being collected, or a baseline that lost its leaf, leads here: the reader of the map has to have it read.
                throw new InvalidOperationException($"Leaf {leaf} was not read, and is not known.");
            else if (Known(group.Resumed?[i], hashes[i]) is { } kept)
            {
                share.Table.Add(share.Room.IdOf(hashes[i]), new LeafLocation(kept.Pack, kept.Offset, kept.Stored));
                records[i] = kept with { Leaf = (uint)leaf };
            }
            else
                records[i] = await StoreAsync(i, leaf, hashes[i], bytes.Slice(i * share.LeafBytes, share.LeafBytes), cancellation);
        }
        await SettleAsync(group, hashes, records, bytes, cancellation);
        share.Root.AddGroupNode(group.Group, LeafTree.GroupNode(hashes));
        return new LeafGroupResult(group, [.. records.OfType<IndexRecord>()], data, read);
    }

    public void Dispose()
    {
        Slot.Dispose();
        _codec.Dispose();
        _buffer?.Dispose();
    }

    /// <returns>A bit for each leaf that was read and is not all zeros.</returns>
    private uint Filled(LeafGroup group, int leaves, ReadOnlySpan<byte> bytes)
    {
        uint filled = 0;
        for (var i = 0; i < leaves; i++)
        {
            if ((group.Read >> i & 1) != 0 && bytes.Slice(i * share.LeafBytes, share.LeafBytes).ContainsAnyExcept((byte)0))
                filled |= 1u << i;
        }
        return filled;
    }

    private IndexRecord? Known(IndexRecord? record, LeafHash hash) =>
        record is { IsZeros: false } known && known.Hash == hash && !share.Packs.IsBarred(known.Pack) ? known : null;

    /// <returns>Null where another worker is storing the same leaf now.</returns>
    private async ValueTask<IndexRecord?> StoreAsync(int place, long leaf, LeafHash hash, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        var id = share.Room.IdOf(hash);
        switch (share.Table.Look(id, out var location))
        {
            case DedupAnswer.Pending:
                _later.Add((place, id));
                return null;
            case DedupAnswer.Yours:
                location = await Slot.AppendAsync(bytes, id, _codec, cancellation);
                share.Table.Complete(id, location);
                break;
        }
        return new IndexRecord((uint)leaf, location.Pack, location.Offset, location.Stored, hash);
    }

    // Nobody waits here who is storing a leaf himself, so all of them come to an end.
    private async ValueTask SettleAsync(LeafGroup group, LeafHash[] hashes, IndexRecord?[] records, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (_later.Count > 0)
        {
            var waiting = _later.ToArray();
            _later.Clear();
            foreach (var (place, _) in waiting)
            {
                var leaf = group.Group * share.Tree.LeavesPerGroup + place;
                records[place] = await StoreAsync(place, leaf, hashes[place], bytes.Slice(place * share.LeafBytes, share.LeafBytes), cancellation);
            }
            if (_later.Count > 0)
                await Task.Delay(TimeSpan.FromMilliseconds(1), share.Room.Time, cancellation);
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> BytesAsync(LeafGroup group, CancellationToken cancellation)
    {
        if (group.Read == 0)
            return default;
        if (group.Piece is { } piece)
        {
            piece.Buffer.Span[piece.Length..].Clear();
            return piece.Buffer.Memory;
        }
        _buffer ??= new AlignedBuffer((int)Math.Min(share.Tree.LeafCount, share.Tree.LeavesPerGroup) * share.LeafBytes);
        for (var at = 0; at < group.Length;)
        {
            // Leaves next to each other are read in one go.
            if ((group.Read >> (at / share.LeafBytes) & 1) == 0)
            {
                at += share.LeafBytes;
                continue;
            }
            var end = at;
            while (end < group.Length && (group.Read >> (end / share.LeafBytes) & 1) != 0)
                end += share.LeafBytes;
            end = Math.Min(end, group.Length);
            var offset = group.Group * DiskRoot.GroupBytes + at;
            var count = await share.Source!.ReadAsync(offset, _buffer.Memory[at..end], cancellation);
            if (count < end - at)
            {
                throw new DiskContentException("disk.short", $"The source ended after {offset + count} bytes, before its end.",
                    "The source was cut off, or has another size than was said: look at it, and run the backup again.", new DiskExtent(offset + count, end - at - count));
            }
            at = end;
        }
        _buffer.Span[group.Length..].Clear();
        return _buffer.Memory;
    }
}
