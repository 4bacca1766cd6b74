using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace SnapshotWorkflows.Secondary.Blobs;

/// <summary>Ranged reads of one blob, all of the same version: a blob that was exchanged meanwhile is an error, not a mixture.</summary>
internal sealed class BlobReader(BlobClient blob, string store, string name, long length, ETag tag) : IStoreReader
{
    public long Length { get; } = length;

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var wanted = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        if (wanted == 0)
            return 0;
        try
        {
            var options = new BlobDownloadOptions { Range = new HttpRange(offset, wanted), Conditions = new BlobRequestConditions { IfMatch = tag } };
            using var download = (await blob.DownloadStreamingAsync(options, cancellation)).Value;
            var read = await download.Content.ReadAtLeastAsync(buffer[..wanted], wanted, throwOnEndOfStream: false, cancellation);
            // A connection that ends early must not be taken for the end of the object.
            return read == wanted ? read : throw new IOException("The body ended early.");
        }
        catch (Exception e) when (BlobErrors.IsOurs(e, cancellation))
        {
            throw BlobErrors.Map(e, store, $"Reading '{name}'");
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
