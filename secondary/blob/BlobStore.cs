using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace SnapshotWorkflows.Secondary.Blobs;

/// <summary>
/// A store in a container of block blobs. Put-if-absent is the service's own (If-None-Match: *); a blob bears a mark of who made it, so that a put whose answer was lost can be
/// told from another's.
/// </summary>
/// <remarks>Nothing is repeated here: <see cref="Retry.RetryingStore"/> does that. What the service keeps of a blob is durable when it answers.</remarks>
public sealed partial class BlobStore : ISecondaryStore, IStagedObjects, IMarkedPuts
{
    internal const string MarkName = "swfmark";

    private static readonly BlobRequestConditions s_absent = new() { IfNoneMatch = ETag.All };

    private readonly BlobStoreOptions _options;
    private readonly BlobContainerClient _container;

    public BlobStore(BlobStoreOptions options)
        : this(options, configure: null)
    {
    }

    internal BlobStore(BlobStoreOptions options, Action<BlobClientOptions>? configure)
    {
        if (options.Faults() is { Count: > 0 } faults)
        {
            throw new SecondaryStoreException(StoreCodes.NoDestination, $"Destination '{options.Name}' {string.Join(", and ", faults)}.",
                "Correct its settings under Secondary:Destinations.");
        }
        _options = options;
        _container = BlobContainers.Open(options, configure);
    }

    public string Name => _options.Name;

    public bool KeepsMarks => true;

    public Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        PutAsync(name, content, NewMark(), cancellation);

    /// <inheritdoc/>
    public async Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, string mark, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        return await PutAsync(_container.GetBlobClient(name), name, content, mark, s_absent, cancellation);
    }

    private async Task<PutOutcome> PutAsync(BlobClient blob, string name, ReadOnlyMemory<byte> content, string mark, BlobRequestConditions conditions, CancellationToken cancellation)
    {
        try
        {
            var upload = new BlobUploadOptions
            {
                Conditions = conditions,
                Metadata = Marked(mark),
                // One call, whatever the length (the client compares with "less than"): several would be blocks of its own naming, which rivals would share.
                TransferOptions = new Azure.Storage.StorageTransferOptions { InitialTransferSize = content.Length + 1L, MaximumTransferSize = content.Length + 1L },
            };
            await blob.UploadAsync(BinaryData.FromBytes(content), upload, cancellation);
            return PutOutcome.Created;
        }
        catch (RequestFailedException e) when (BlobErrors.IsTaken(e))
        {
            if (await LookAsync(blob, name, cancellation) is { } there)
                return IsDiscarded(there) ? await PutAsync(blob, name, content, mark, Only(there), cancellation) : Whose(there, mark);
            // The discarded one that was to be overwritten has gone meanwhile.
            return conditions == s_absent ? await PutAsBlockAsync(name, content, mark, cancellation) : await PutAsync(blob, name, content, mark, s_absent, cancellation);
        }
        catch (Exception e) when (BlobErrors.IsOurs(e, cancellation))
        {
            throw BlobErrors.Map(e, Name, $"Writing '{name}'");
        }
    }

    /// <summary>Where a name is called taken and nothing is there: Azurite says so of a name that only has uncommitted blocks, and to a commit it does not.</summary>
    private async Task<PutOutcome> PutAsBlockAsync(string name, ReadOnlyMemory<byte> content, string mark, CancellationToken cancellation)
    {
        await using var staged = await OpenStagedAsync(name, mark, cancellation);
        var part = new StagedPart(0, 0, content.Length, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content.Span)));
        if (content.Length == 0)
            return await CommitAsync(_container.GetBlockBlobClient(name), name, mark, [], cancellation);
        await staged.WriteAsync(part, content, cancellation);
        return await staged.CommitAsync([part], cancellation);
    }

    public async Task<PutOutcome> PutAsync(string name, Stream content, CancellationToken cancellation)
    {
        if (await FindAsync(name, cancellation) is not null)
            return PutOutcome.AlreadyExists;
        if (StagedStream.InMemory(content) is { } whole)
            return await PutAsync(name, whole, cancellation);
        var first = new byte[StagedStream.PartBytes];
        var length = await StagedStream.FillAsync(content, first, cancellation);
        return length < first.Length
            ? await PutAsync(name, first.AsMemory(0, length), cancellation)
            : await StagedStream.PutAsync(this, name, NewMark(), first, content, cancellation);
    }

    public async Task<StoreObject?> FindAsync(string name, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        return await PropertiesAsync(_container.GetBlobClient(name), name, cancellation) is { } found
            ? new StoreObject(name, found.ContentLength, Text(found.ETag), found.LastModified)
            : null;
    }

    public async Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        var blob = _container.GetBlobClient(name);
        return await PropertiesAsync(blob, name, cancellation) is { } found
            ? new BlobReader(blob, Name, name, found.ContentLength, found.ETag)
            : throw new SecondaryStoreException(StoreCodes.Missing, $"'{name}' is not on '{Name}'.",
                "Look at the destination and at the name in the manifest; it may have been deleted.");
    }

    public async IAsyncEnumerable<StoreObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        StoreName.ValidatePrefix(prefix);
        await using var blobs = _container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellation).GetAsyncEnumerator(cancellation);
        while (await MoveAsync(blobs, $"Listing '{prefix}'", cancellation))
        {
            var blob = blobs.Current;
            if (!StoreName.IsValid(blob.Name))
                continue;
            // An empty one may be a discard's, which the listing does not tell.
            if (blob.Properties.ContentLength is not 0 || await FindAsync(blob.Name, cancellation) is not null)
                yield return new StoreObject(blob.Name, blob.Properties.ContentLength ?? 0, Text(blob.Properties.ETag ?? default), blob.Properties.LastModified ?? default);
        }
    }

    public async Task DeleteAsync(string name, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        try
        {
            await _container.GetBlobClient(name).DeleteAsync(DeleteSnapshotsOption.IncludeSnapshots, conditions: null, cancellation);
        }
        catch (RequestFailedException e) when (e is { Status: 404, ErrorCode: BlobErrors.BlobNotFound })
        {
            // Gone already is success. The container's own absence is not: nobody could say then what is gone.
        }
        catch (Exception e) when (BlobErrors.IsOurs(e, cancellation))
        {
            throw BlobErrors.Map(e, Name, $"Deleting '{name}'");
        }
    }

    private static Dictionary<string, string> Marked(string mark) => new(StringComparer.Ordinal) { [MarkName] = mark };

    private static string NewMark() => Guid.NewGuid().ToString("n");

    private static string Text(ETag tag) => tag.ToString("G");

    /// <summary>Of an object that is there: was it made under this mark?</summary>
    private static PutOutcome Whose(BlobProperties found, string mark) =>
        found.Metadata.TryGetValue(MarkName, out var made) && made == mark ? PutOutcome.Created : PutOutcome.AlreadyExists;

    // Gone again by now: someone else made it and took it away.
    private async Task<PutOutcome> WhoseAsync(BlobBaseClient blob, string name, string mark, CancellationToken cancellation) =>
        await PropertiesAsync(blob, name, cancellation) is { } found ? Whose(found, mark) : PutOutcome.AlreadyExists;

    /// <summary>The empty blob by which a discard gets rid of uncommitted blocks, on its way out: no object. Who puts one overwrites it, if it is still that very one.</summary>
    private static bool IsDiscarded(BlobProperties found) => found.ContentLength == 0 && found.Metadata.TryGetValue(MarkName, out var mark) && mark == DiscardMark;

    private static BlobRequestConditions Only(BlobProperties found) => new() { IfMatch = found.ETag };

    /// <summary>An object's properties; null where there is none.</summary>
    private async Task<BlobProperties?> PropertiesAsync(BlobBaseClient blob, string name, CancellationToken cancellation) =>
        await LookAsync(blob, name, cancellation) is { } found && !IsDiscarded(found) ? found : null;

    private async Task<BlobProperties?> LookAsync(BlobBaseClient blob, string name, CancellationToken cancellation)
    {
        try
        {
            return (await blob.GetPropertiesAsync(conditions: null, cancellation)).Value;
        }
        catch (RequestFailedException e) when (BlobErrors.IsMissing(e))
        {
            // An answer to HEAD has no body, and a proxy's 404 has no code either: only the container's own word makes "missing" true.
            if (e.ErrorCode is not { Length: > 0 })
                await DemandContainerAsync(name, cancellation);
            return null;
        }
        catch (Exception e) when (BlobErrors.IsOurs(e, cancellation))
        {
            throw BlobErrors.Map(e, Name, $"Looking for '{name}'");
        }
    }

    private async Task DemandContainerAsync(string name, CancellationToken cancellation)
    {
        try
        {
            await using var one = _container.GetBlobsAsync(BlobTraits.None, BlobStates.None, name, cancellation).AsPages(pageSizeHint: 1).GetAsyncEnumerator(cancellation);
            await one.MoveNextAsync();
        }
        catch (Exception e) when (BlobErrors.IsOurs(e, cancellation))
        {
            throw BlobErrors.Map(e, Name, $"Looking for '{name}'");
        }
    }

    private async ValueTask<bool> MoveAsync<T>(IAsyncEnumerator<T> items, string doing, CancellationToken cancellation)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (Exception e) when (BlobErrors.IsOurs(e, cancellation))
        {
            throw BlobErrors.Map(e, Name, doing);
        }
    }
}
