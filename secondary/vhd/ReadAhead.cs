using System.Runtime.CompilerServices;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>Pieces of a disk in order, with a few reads under way ahead of the one that is given.</summary>
internal static class ReadAhead
{
    public const int Depth = 4;

    public static async IAsyncEnumerable<DiskPiece> PiecesAsync(ISparseDisk disk, BufferPool buffers, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var ahead = new Queue<(DiskPiece Piece, Task<int> Read)>();
        long next = 0;
        try
        {
            while (true)
            {
                for (; ahead.Count < Depth && next < disk.DiskBytes; next += DiskRoot.GroupBytes)
                {
                    if (!disk.MayHoldData(next, DiskRoot.GroupBytes))
                        continue;
                    var piece = new DiskPiece(next, await buffers.RentAsync(cancellation), (int)Math.Min(DiskRoot.GroupBytes, disk.DiskBytes - next));
                    ahead.Enqueue((piece, disk.ReadAsync(next, piece.Buffer.Memory[..piece.Length], cancellation).AsTask()));
                }
                if (!ahead.TryPeek(out var first))
                    yield break;
                var read = await first.Read;
                if (read < first.Piece.Length)
                {
                    throw new DiskContentException("disk.short", $"The disk ended after {first.Piece.Offset + read} of {disk.DiskBytes} bytes.",
                        "The source is shorter than it says: read it anew.", new DiskExtent(first.Piece.Offset + read, first.Piece.Length - read));
                }
                ahead.Dequeue();
                yield return first.Piece;
            }
        }
        finally
        {
            // A read that is under way still writes into its buffer: it is waited for before the buffers go.
            await ((Task)Task.WhenAll(ahead.Select(one => one.Read))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
