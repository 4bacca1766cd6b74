using Azure;
using Azure.Storage.Blobs.Models;

namespace SnapshotWorkflows.Secondary.Blobs;

public sealed partial class BlobStore
{
    /// <inheritdoc/>
    /// <remarks>Container, credentials and rights: a blob under a name that no object can have is put, read, listed for and deleted; those that checks which died left behind go too, once they are an hour old. A blob account tells no free space: 0.</remarks>
    public async Task<StoreCheck> CheckAsync(CancellationToken cancellation)
    {
        var writable = false;
        try
        {
            if (_options.CreateContainer)
                await _container.CreateIfNotExistsAsync(PublicAccessType.None, metadata: null, encryptionScopeOptions: null, cancellation);
            var probe = _container.GetBlobClient(ProbePrefix + NewMark());
            var made = await probe.UploadAsync(BinaryData.FromString("probe"), new BlobUploadOptions { Conditions = s_absent }, cancellation);
            writable = true;
            _ = await probe.DownloadContentAsync(cancellation);
            await using (var one = _container.GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted, "swf/", cancellation).AsPages(pageSizeHint: 1).GetAsyncEnumerator(cancellation))
                await one.MoveNextAsync();
            await probe.DeleteAsync(DeleteSnapshotsOption.None, conditions: null, cancellation);
            await SweepProbesAsync(made.Value.LastModified - ProbeAge, cancellation);
            return new StoreCheck(Mounted: null, writable, FreeBytes: 0, TotalBytes: 0, Fault: null);
        }
        catch (Exception e) when (e is RequestFailedException || BlobErrors.IsOurs(e, cancellation))
        {
            return new StoreCheck(Mounted: null, writable, FreeBytes: 0, TotalBytes: 0, BlobErrors.Map(e, Name, writable ? "The probe of rights" : "The write probe"));
        }
    }

    /// <summary>From when on another check's probe is a dead one's. For tests.</summary>
    internal TimeSpan ProbeAge { get; init; } = TimeSpan.FromHours(1);

    private const string ProbePrefix = ".probe-";

    // Left by checks that died between their put and their deletion. Old by the service's own clock.
    private async Task SweepProbesAsync(DateTimeOffset untouchedSince, CancellationToken cancellation)
    {
        await foreach (var old in _container.GetBlobsAsync(BlobTraits.None, BlobStates.None, ProbePrefix, cancellation))
        {
            if (old.Properties.LastModified < untouchedSince)
                await _container.GetBlobClient(old.Name).DeleteIfExistsAsync(DeleteSnapshotsOption.None, conditions: null, cancellation);
        }
    }
}
