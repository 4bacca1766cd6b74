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

    /// <summary>The same; a container is made by the check, as a destination's is when the service starts.</summary>
    public static async Task<ISecondaryStore> OpenCheckedAsync(string text)
    {
        var store = Open(text);
        return (await store.CheckAsync(default)).Fault is { } fault ? throw fault : store;
    }

    /// <summary>Bytes that the store holds, whatever they are: of a folder every file, unfinished writes too; of a container its blobs and the blocks of those that are not committed.</summary>
    public static async Task<long> HeldAsync(string text)
    {
        if (text.StartsWith("folder:", StringComparison.Ordinal))
            return Peers.Size(text["folder:".Length..]);
        if (!await Container(text).ExistsAsync())
            return 0;
        var size = await UncommittedAsync(Container(text));
        await foreach (var one in Open(text).ListAsync("", default))
            size += one.Length;
        return size;
    }

    /// <summary>The store and all that is in it.</summary>
    public static async Task DeleteAsync(string text)
    {
        var place = text[(text.IndexOf(':') + 1)..];
        if (text.StartsWith("folder:", StringComparison.Ordinal))
            Directory.Delete(place, true);
        else
            await Container(text).DeleteIfExistsAsync();
    }

    private static BlobContainerClient Container(string text) => new(Environment.GetEnvironmentVariable(ConnectionVariable), text["blob:".Length..]);

    private static async Task<long> UncommittedAsync(BlobContainerClient container)
    {
        long size = 0;
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted))
        {
            var blocks = await container.GetBlockBlobClient(blob.Name).GetBlockListAsync(BlockListTypes.Uncommitted);
            size += blocks.Value.UncommittedBlocks.Sum(block => block.SizeLong);
        }
        return size;
    }
}
