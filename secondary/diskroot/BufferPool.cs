namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>Aligned buffers of one group (2 MiB), no more than a set number of them; who wants one more waits for one to come back.</summary>
internal sealed class BufferPool(int bytesMax)
{
    private readonly BufferStack _buffers = new(Math.Max(1, bytesMax / DiskRoot.GroupBytes), GroupBuffers.Take);

    public ValueTask<AlignedBuffer> RentAsync(CancellationToken cancellation) => _buffers.RentAsync(cancellation);

    public void Return(AlignedBuffer buffer) => _buffers.Return(buffer);

    /// <summary>Leaves the buffers that came back to whoever hashes next. Only after all went well: where something failed, a read may still be under way.</summary>
    public void Leave() => _buffers.Clear(GroupBuffers.Give);
}

/// <summary>A part of a disk that begins at a group's start and is a whole group, or the disk's last one. Whoever takes it gives the buffer back.</summary>
internal readonly record struct DiskPiece(long Offset, AlignedBuffer Buffer, int Length)
{
    public ReadOnlySpan<byte> Bytes => Buffer.Span[..Length];
}
