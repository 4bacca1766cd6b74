using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Blobs;
using SnapshotWorkflows.Secondary.Nfs;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary>Stores by a text that goes to child processes: <c>folder:PATH</c>, or <c>blob:CONTAINER</c> with the connection string in the environment.</summary>
internal static class BackupStore
{
    public const string ConnectionVariable = "BENCH_BLOB_CONNECTION";

    public static ISecondaryStore Open(string text)
    {
        var (kind, place) = (text[..text.IndexOf(':')], text[(text.IndexOf(':') + 1)..]);
        if (kind == "folder")
        {
            Directory.CreateDirectory(place);
            return new FolderStore(new FolderStoreOptions { Name = "bench", Path = place, RequireMount = false, MinimumFreeBytes = 0 });
        }
        return new BlobStore(new BlobStoreOptions { Name = "bench", Container = place, ConnectionString = Environment.GetEnvironmentVariable(ConnectionVariable), CreateContainer = true });
    }

    /// <summary>Bytes that the store holds: objects, and parts of objects that are still in the making.</summary>
    public static async Task<long> SizeAsync(string text)
    {
        var size = await StagedAsync(text);
        await foreach (var one in Open(text).ListAsync("", default))
            size += one.Length;
        return size;
    }

    /// <summary>Bytes that the store holds, whatever they are: of a folder every file, unfinished writes too.</summary>
    public static Task<long> HeldAsync(string text) => text.StartsWith("folder:", StringComparison.Ordinal) ? Task.FromResult(Peers.Size(text["folder:".Length..])) : SizeAsync(text);

    /// <summary>The store and all that is in it.</summary>
    public static async Task DeleteAsync(string text)
    {
        var place = text[(text.IndexOf(':') + 1)..];
        if (text.StartsWith("folder:", StringComparison.Ordinal))
            Directory.Delete(place, true);
        else
            await new BlobContainerClient(Environment.GetEnvironmentVariable(ConnectionVariable), place).DeleteIfExistsAsync();
    }

    private static async Task<long> StagedAsync(string text)
    {
        var place = text[(text.IndexOf(':') + 1)..];
        if (text.StartsWith("folder:", StringComparison.Ordinal))
        {
            var everything = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };
            return Directory.Exists(place) ? Directory.EnumerateFiles(place, "*.staged.partial", everything).Sum(file => new FileInfo(file).Length) : 0;
        }
        var container = new BlobContainerClient(Environment.GetEnvironmentVariable(ConnectionVariable), place);
        long size = 0;
        if (!await container.ExistsAsync())
            return 0;
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted))
        {
            var blocks = await container.GetBlockBlobClient(blob.Name).GetBlockListAsync(BlockListTypes.Uncommitted);
            size += blocks.Value.UncommittedBlocks.Sum(block => block.SizeLong);
        }
        return size;
    }
}
