namespace SnapshotWorkflows.Secondary;

/// <summary>A range of a disk, in bytes.</summary>
public readonly record struct DiskExtent(long Offset, long Length)
{
    public long End => Offset + Length;
}

/// <summary>Progress over a disk: bytes gone past, holes included, of the disk's size.</summary>
public readonly record struct DiskProgress(long DoneBytes, long TotalBytes);

/// <summary>A logical disk of which parts may be absent; absent parts read as zeros.</summary>
public interface ISparseDisk
{
    /// <summary>The disk's size in bytes.</summary>
    long DiskBytes { get; }

    /// <summary>Whether any part of the range is held. False means that the range reads as zeros; true promises nothing. Costs no I/O.</summary>
    bool MayHoldData(long offset, long length);

    /// <summary>The parts that are held, ascending, joined where they touch.</summary>
    IAsyncEnumerable<DiskExtent> ExtentsAsync(CancellationToken cancellation);

    /// <summary>Reads at a disk offset; absent parts give zeros.</summary>
    /// <returns>Bytes read; fewer than the buffer holds only at the end of the disk.</returns>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation);
}
