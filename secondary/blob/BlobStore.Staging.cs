using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace SnapshotWorkflows.Secondary.Blobs;

public sealed partial class BlobStore
{
    /// <summary>Metadata of an empty blob that is on its way out: it was made only to get rid of uncommitted blocks.</summary>
    private const string DiscardMark = "discard";

    public async Task<IStagedObject> OpenStagedAsync(string name, string session, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        StagedParts.Validate(session);
        var blob = _container.GetBlockBlobClient(name);
        return new StagedBlob(this, blob, name, session, await UncommittedAsync(blob, name, cancellation));
    }

    /// <remarks>
    /// The service has no call for it. An empty block list, committed if no object is there, makes it drop every uncommitted block of the name (learn.microsoft.com, "Put Block List"), and
    /// the empty blob is deleted again. A death in between leaves it with a mark, by which the next discard or sweep removes it.
    /// </remarks>
    public async Task DiscardStagedAsync(string name, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        var blob = _container.GetBlockBlobClient(name);
        try
        {
            if ((await UncommittedAsync(blob, name, cancellation)).Count > 0)
            {
                await blob.CommitBlockListAsync([], new CommitBlockListOptions { Conditions = s_absent, Metadata = Marked(DiscardMark) }, cancellation);
            }
        }
        catch (RequestFailedException e) when (BlobErrors.IsTaken(e))
        {
            // A finished object is there, or an earlier discard's empty one. Blocks beside a finished object die by themselves after 7 days.
        }
        catch (Exception e) when (BlobErrors.IsOurs(e, cancellation))
        {
            throw BlobErrors.Map(e, Name, $"Discarding what is staged of '{name}'");
        }
        await RemoveDiscardedAsync(blob, name, cancellation);
    }

    /// <inheritdoc/>
    /// <remarks>Uncommitted blobs, by the time that the service lists for them, and empty blobs that a discard left. One without a time may be at work: only a sweep of everything takes it; the service drops its blocks a week after the last.</remarks>
    public async Task<int> SweepUnfinishedAsync(string prefix, DateTimeOffset untouchedSince, CancellationToken cancellation)
    {
        StoreName.ValidatePrefix(prefix);
        var removed = 0;
        await using var blobs = _container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.Uncommitted, prefix, cancellation).GetAsyncEnumerator(cancellation);
        while (await MoveAsync(blobs, $"Listing what is unfinished under '{prefix}'", cancellation))
        {
            var blob = blobs.Current;
            // A guess: an uncommitted blob is listed with neither tag nor creation time; where a service gives it one, the look at its blocks decides.
            if (!StoreName.IsValid(blob.Name) || (blob.Properties.ContentLength ?? 0) != 0 || !IsOld(blob.Properties.LastModified, untouchedSince))
                continue;
            var client = _container.GetBlockBlobClient(blob.Name);
            var discarded = blob.Metadata?.TryGetValue(MarkName, out var mark) == true && mark == DiscardMark;
            if (!discarded && (await UncommittedAsync(client, blob.Name, cancellation)).Count == 0)
                continue;
            await DiscardStagedAsync(blob.Name, cancellation);
            removed++;
        }
        return removed;
    }

    internal static bool IsOld(DateTimeOffset? touched, DateTimeOffset untouchedSince) => touched is { } at ? at < untouchedSince : untouchedSince == DateTimeOffset.MaxValue;

    private async Task RemoveDiscardedAsync(BlockBlobClient blob, string name, CancellationToken cancellation)
    {
        if (await LookAsync(blob, name, cancellation) is not { } found || !IsDiscarded(found))
            return;
        try
        {
            await blob.DeleteAsync(DeleteSnapshotsOption.None, Only(found), cancellation);
        }
        catch (RequestFailedException e) when (BlobErrors.IsChanged(e) || BlobErrors.IsMissing(e))
        {
            // It is no longer the empty blob that was looked at, so it is no longer ours to remove.
        }
        catch (Exception e) when (BlobErrors.IsOurs(e, cancellation))
        {
            throw BlobErrors.Map(e, Name, $"Discarding what is staged of '{name}'");
        }
    }

    private async Task<Dictionary<string, int>> UncommittedAsync(BlockBlobClient blob, string name, CancellationToken cancellation)
    {
        try
        {
            var list = (await blob.GetBlockListAsync(BlockListTypes.Uncommitted, cancellationToken: cancellation)).Value;
            return list.UncommittedBlocks.ToDictionary(block => block.Name, block => block.Size, StringComparer.Ordinal);
        }
        catch (RequestFailedException e) when (BlobErrors.IsMissing(e))
        {
            return [];
        }
        catch (Exception e) when (BlobErrors.IsOurs(e, cancellation))
        {
            throw BlobErrors.Map(e, Name, $"Looking for what is staged of '{name}'");
        }
    }

    internal async Task StageAsync(BlockBlobClient blob, string name, string blockId, IReadOnlyList<ReadOnlyMemory<byte>> content, CancellationToken cancellation)
    {
        try
        {
            using var stream = new SegmentStream(content);
            await blob.StageBlockAsync(blockId, stream, cancellationToken: cancellation);
        }
        catch (Exception e) when (BlobErrors.IsOurs(e, cancellation))
        {
            throw BlobErrors.Map(e, Name, $"Staging a part of '{name}'");
        }
    }

    internal Task<PutOutcome> CommitAsync(BlockBlobClient blob, string name, string mark, IReadOnlyList<string> blockIds, CancellationToken cancellation) =>
        CommitAsync(blob, name, mark, blockIds, s_absent, cancellation);

    private async Task<PutOutcome> CommitAsync(BlockBlobClient blob, string name, string mark, IReadOnlyList<string> blockIds, BlobRequestConditions conditions, CancellationToken cancellation)
    {
        try
        {
            await blob.CommitBlockListAsync(blockIds, new CommitBlockListOptions { Conditions = conditions, Metadata = Marked(mark) }, cancellation);
            return PutOutcome.Created;
        }
        catch (RequestFailedException e) when (BlobErrors.IsTaken(e))
        {
            var there = await LookAsync(blob, name, cancellation);
            if (there is not null && IsDiscarded(there))
                return await CommitAsync(blob, name, mark, blockIds, Only(there), cancellation);
            if (there is not null)
                return Whose(there, mark);
            // Gone again by now. What was to be overwritten was no object; else someone made one and took it away.
            return conditions == s_absent ? PutOutcome.AlreadyExists : await CommitAsync(blob, name, mark, blockIds, s_absent, cancellation);
        }
        catch (RequestFailedException e) when (e is { Status: 400, ErrorCode: "InvalidBlockList" })
        {
            // Blocks go when they are committed, by our own lost answer or by a rival's commit, or by age.
            if (await PropertiesAsync(blob, name, cancellation) is not null)
                return await WhoseAsync(blob, name, mark, cancellation);
            throw BlobErrors.Map(e, Name, $"Finishing '{name}'");
        }
        catch (Exception e) when (BlobErrors.IsOurs(e, cancellation))
        {
            throw BlobErrors.Map(e, Name, $"Finishing '{name}'");
        }
    }
}
