using System.Runtime.CompilerServices;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Read;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Pipeline;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

/// <summary>Decides group by group what is to be read, and puts beside it what is known: the first stage of the pipeline.</summary>
internal sealed class GroupReader(LeafTree tree, long diskBytes, LayeredIndex? previous, LayeredIndex? resumed, PackTable packs)
{
    /// <summary>Groups of a source that can be read at random. What is neither there nor was there before does not appear.</summary>
    /// <param name="changed">Relative to the baseline; null = everything may have changed.</param>
    public async IAsyncEnumerable<LeafGroup> OfAsync(ISparseDisk? holes, ChangedExtents? changed, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (long group = 0; group < DiskRoot.GroupCount(diskBytes); group++)
        {
            var offset = group * DiskRoot.GroupBytes;
            var length = (int)Math.Min(DiskRoot.GroupBytes, diskBytes - offset);
            var hole = holes is not null && !holes.MayHoldData(offset, length);
            var (known, any) = await KnownAsync(previous, group, cancellation);
            if (hole && !any)
                continue;
            var mask = hole ? 0 : Mask(group, offset, changed, known);
            yield return await MakeAsync(group, length, mask, hole, known, null, cancellation);
        }
    }

    /// <summary>Groups of a stream: pieces must come in order; what lies between them is zeros.</summary>
    public async IAsyncEnumerable<LeafGroup> OfAsync(IAsyncEnumerable<DiskPiece> pieces, [EnumeratorCancellation] CancellationToken cancellation)
    {
        long next = 0;
        await foreach (var piece in pieces.WithCancellation(cancellation))
        {
            var at = piece.Offset / DiskRoot.GroupBytes;
            if (at < next)
            {
                throw new DiskContentException("disk.out-of-order", $"The bytes at {piece.Offset} come after later ones; a stream's must ascend.", "Read the disk from a source with random access.",
                    new DiskExtent(piece.Offset, piece.Length));
            }
            await foreach (var hole in HolesAsync(next, at, cancellation))
                yield return hole;
            var (known, _) = await KnownAsync(previous, at, cancellation);
            yield return await MakeAsync(at, piece.Length, uint.MaxValue, false, known, piece, cancellation);
            next = at + 1;
        }
        await foreach (var hole in HolesAsync(next, DiskRoot.GroupCount(diskBytes), cancellation))
            yield return hole;
    }

    private async IAsyncEnumerable<LeafGroup> HolesAsync(long from, long to, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (; from < to; from++)
        {
            var (known, any) = await KnownAsync(previous, from, cancellation);
            if (any)
                yield return await MakeAsync(from, (int)Math.Min(DiskRoot.GroupBytes, diskBytes - from * DiskRoot.GroupBytes), 0, true, known, null, cancellation);
        }
    }

    private async ValueTask<LeafGroup> MakeAsync(long group, int length, uint mask, bool hole, IndexRecord?[] known, DiskPiece? piece, CancellationToken cancellation) => new()
    {
        Group = group,
        Length = length,
        Read = mask,
        IsHole = hole,
        Previous = known,
        Resumed = resumed is null ? null : (await KnownAsync(resumed, group, cancellation)).Records,
        Piece = piece,
    };

    private uint Mask(long group, long offset, ChangedExtents? changed, IndexRecord?[] known)
    {
        if (changed is null)
            return uint.MaxValue;
        uint mask = 0;
        var leafBytes = DiskRoot.GroupBytes / tree.LeavesPerGroup;
        for (var i = 0; i < tree.LeavesIn(group); i++)
        {
            // A leaf whose pack is being collected must be stored anew, and so be read.
            if (changed.MayHaveChanged(offset + (long)i * leafBytes, leafBytes) || known[i] is { IsZeros: false } record && packs.IsBarred(record.Pack))
                mask |= 1u << i;
        }
        return mask;
    }

    private async ValueTask<(IndexRecord?[] Records, bool Any)> KnownAsync(LayeredIndex? index, long group, CancellationToken cancellation)
    {
        var records = new IndexRecord?[tree.LeavesPerGroup];
        if (index is null)
            return (records, false);
        await index.FillAsync((uint)(group * tree.LeavesPerGroup), records, cancellation);
        return (records, records.Any(r => r is { IsZeros: false }));
    }
}
