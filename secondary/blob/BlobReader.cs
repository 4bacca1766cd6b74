using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace SnapshotWorkflows.Secondary.Blobs;

/// <summary>Ranged reads of one blob, all of the same version: a blob that was exchanged meanwhile is an error, not a mixture.</summary>
internal sealed class BlobReader(BlobClient blob, string store, string name, long length, ETag tag) : IStoreReader
{
    public long Length { get; } = length;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation) => ReadAsync(offset, buffer, default, cancellation);

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> head, Memory<byte> rest, CancellationToken cancellation)
    {
        var wanted = (int)Math.Clamp(Length - offset, 0, head.Length + (long)rest.Length);
        if (wanted == 0)
            return 0;
        try
        {
            var options = new BlobDownloadOptions { Range = new HttpRange(offset, wanted), Conditions = new BlobRequestConditions { IfMatch = tag } };
            using var download = (await blob.DownloadStreamingAsync(options, cancellation)).Value;
            var read = await FillAsync(download.Content, head[..Math.Min(head.Length, wanted)], cancellation);
            if (wanted > head.Length && read == head.Length)
                read += await FillAsync(download.Content, rest[..(wanted - head.Length)], cancellation);
            // A connection that ends early must not be taken for the end of the object.
            return read == wanted ? read : throw new IOException("The body ended early.");
        }
        catch (Exception e) when (BlobErrors.IsOurs(e, cancellation))
        {
            throw BlobErrors.Map(e, store, $"Reading '{name}'");
        }
    }

    private static ValueTask<int> FillAsync(Stream body, Memory<byte> buffer, CancellationToken cancellation) =>
        body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
