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

    public static async Task<long> SizeAsync(string text)
    {
        long size = 0;
        await foreach (var one in Open(text).ListAsync("", default))
            size += one.Length;
        return size;
    }
}
