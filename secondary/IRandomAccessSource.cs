namespace SnapshotWorkflows.Secondary;

/// <summary>Bytes that can be read at any offset, by several readers at once.</summary>
public interface IRandomAccessSource
{
    /// <summary>In bytes, fixed while the source is open.</summary>
    long Length { get; }

    /// <summary>Reads at the offset. Fills the buffer unless the source ends before.</summary>
    /// <returns>Bytes read; fewer than the buffer holds only at the end of the source.</returns>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation);
}

/// <summary>An open object of a store.</summary>
public interface IStoreReader : IRandomAccessSource, IAsyncDisposable;
