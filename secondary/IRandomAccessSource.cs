namespace SnapshotWorkflows.Secondary;

/// <summary>Bytes that can be read at any offset, by several readers at once.</summary>
public interface IRandomAccessSource
{
    /// <summary>In bytes, fixed while the source is open.</summary>
    long Length { get; }

    /// <summary>Reads at the offset. Fills the buffer unless the source ends before.</summary>
    /// <returns>Bytes read; fewer than the buffer holds only at the end of the source.</returns>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation);

    /// <summary>Reads into two buffers, one after the other; one call to whatever lies behind, where that can be had.</summary>
    async ValueTask<int> ReadAsync(long offset, Memory<byte> head, Memory<byte> rest, CancellationToken cancellation)
    {
        var read = await ReadAsync(offset, head, cancellation);
        return read < head.Length ? read : read + await ReadAsync(offset + read, rest, cancellation);
    }
}

/// <summary>An open object of a store.</summary>
public interface IStoreReader : IRandomAccessSource, IAsyncDisposable;
