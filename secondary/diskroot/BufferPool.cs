using System.Threading.Channels;

namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>Aligned buffers of one group (2 MiB), no more than a set number of them; who wants one more waits for one to come back.</summary>
internal sealed class BufferPool
{
    // Places for buffers; one that was never used is null until someone takes it.
    private readonly Channel<AlignedBuffer?> _free = Channel.CreateUnbounded<AlignedBuffer?>();

    public BufferPool(int bytesMax)
    {
        for (var i = 0; i < Math.Max(1, bytesMax / DiskRoot.GroupBytes); i++)
            _free.Writer.TryWrite(null);
    }

    public async ValueTask<AlignedBuffer> RentAsync(CancellationToken cancellation) =>
        await _free.Reader.ReadAsync(cancellation) ?? new AlignedBuffer(DiskRoot.GroupBytes);

    public void Return(AlignedBuffer buffer) => _free.Writer.TryWrite(buffer);
}

/// <summary>A part of a disk that begins at a group's start and is a whole group, or the disk's last one. Whoever takes it gives the buffer back.</summary>
internal readonly record struct DiskPiece(long Offset, AlignedBuffer Buffer, int Length)
{
    public ReadOnlySpan<byte> Bytes => Buffer.Span[..Length];
}
