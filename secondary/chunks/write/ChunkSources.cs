using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Pipeline;

namespace SnapshotWorkflows.Secondary.Chunks.Write;

/// <summary>Where a backup's bytes come from.</summary>
internal interface IChunkSource
{
    long DiskBytes { get; }

    /// <summary>Null where the bytes come with the groups.</summary>
    IRandomAccessSource? Random { get; }

    IAsyncEnumerable<LeafGroup> GroupsAsync(GroupReader reader, ChangedExtents? changed, CancellationToken cancellation);

    /// <summary>Gives a piece's buffer back.</summary>
    void Return(DiskPiece piece);
}

/// <summary>A disk that can be read at random, by several readers at once; holes, where it knows them, are not read.</summary>
internal sealed class RandomSource(IRandomAccessSource source) : IChunkSource
{
    public long DiskBytes => source.Length;

    public IRandomAccessSource Random => source;

    public IAsyncEnumerable<LeafGroup> GroupsAsync(GroupReader reader, ChangedExtents? changed, CancellationToken cancellation) =>
        reader.OfAsync(source as ISparseDisk, changed, cancellation);

    public void Return(DiskPiece piece)
    {
    }
}

/// <summary>A sparse disk (a VHD, another snapshot) as a source.</summary>
internal sealed class SparseSource(ISparseDisk disk) : IChunkSource, IRandomAccessSource
{
    public long DiskBytes => disk.DiskBytes;

    public long Length => disk.DiskBytes;

    public IRandomAccessSource Random => this;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation) => disk.ReadAsync(offset, buffer, cancellation);

    public IAsyncEnumerable<LeafGroup> GroupsAsync(GroupReader reader, ChangedExtents? changed, CancellationToken cancellation) => reader.OfAsync(disk, changed, cancellation);

    public void Return(DiskPiece piece)
    {
    }
}

/// <summary>Pieces of a stream, in order.</summary>
internal sealed class PieceSource(long diskBytes, Func<BufferPool, CancellationToken, IAsyncEnumerable<DiskPiece>> pieces, int buffers) : IChunkSource
{
    private readonly BufferPool _buffers = new(buffers * DiskRoot.GroupBytes);

    public long DiskBytes => diskBytes;

    public IRandomAccessSource? Random => null;

    public IAsyncEnumerable<LeafGroup> GroupsAsync(GroupReader reader, ChangedExtents? changed, CancellationToken cancellation) => reader.OfAsync(pieces(_buffers, cancellation), cancellation);

    public void Return(DiskPiece piece) => _buffers.Return(piece.Buffer);
}
