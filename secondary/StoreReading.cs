namespace SnapshotWorkflows.Secondary;

/// <summary>Ways to read from stores and sources.</summary>
public static class StoreReading
{
    /// <summary>Reads exactly the buffer's length, or throws.</summary>
    /// <exception cref="DiskContentException"><c>disk.short</c>.</exception>
    public static async ValueTask ReadExactlyAsync(this IRandomAccessSource source, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var read = await source.ReadAsync(offset, buffer, cancellation);
        if (read != buffer.Length)
        {
            throw new DiskContentException("disk.short", $"{buffer.Length} bytes were wanted at offset {offset}, only {read} are there.",
                "The object is cut short: make it anew.", new DiskExtent(offset, buffer.Length));
        }
    }

    /// <summary>One ranged read of an object. For many reads of one object open it once.</summary>
    public static async ValueTask<int> ReadAsync(this ISecondaryStore store, string name, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        await using var reader = await store.OpenAsync(name, ReadPurpose.Ordinary, cancellation);
        return await reader.ReadAsync(offset, buffer, cancellation);
    }

    /// <summary>A forward stream over a range of an object; null as length means to its end. The stream owns the open object.</summary>
    public static async Task<Stream> OpenReadAsync(this ISecondaryStore store, string name, long offset, long? length, CancellationToken cancellation)
    {
        var reader = await store.OpenAsync(name, ReadPurpose.Ordinary, cancellation);
        return new SourceStream(reader, offset, length ?? Math.Max(0, reader.Length - offset));
    }

    /// <summary>A small object whole.</summary>
    /// <exception cref="SecondaryStoreException"><c>store.io</c> where it is longer than the limit.</exception>
    public static async Task<byte[]> ReadAllAsync(this ISecondaryStore store, string name, int longest, CancellationToken cancellation)
    {
        await using var reader = await store.OpenAsync(name, ReadPurpose.Ordinary, cancellation);
        if (reader.Length > longest)
        {
            throw new SecondaryStoreException(StoreCodes.Io, $"'{name}' has {reader.Length} bytes, more than the {longest} that an object of its kind may have.",
                "Look at the object: it is not what its name says.");
        }
        var bytes = new byte[reader.Length];
        await reader.ReadExactlyAsync(0, bytes, cancellation);
        return bytes;
    }
}
