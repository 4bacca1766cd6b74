using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Blobs;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

/// <summary>The life of a repository of chunks over a blob service: first and changed backup, one that broke off, verification, damage, restore, deletion, collection.</summary>
public sealed class RepositoryOverBlobsTests(AzuriteServer server) : IDisposable
{
    private const int Leaf = 64 * 1024;
    private static readonly CancellationToken s_none = CancellationToken.None;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Snapshots_are_made_gone_on_with_verified_restored_deleted_and_collected()
    {
        var store = new BlobStore(server.NewContainer());
        Assert.Null((await store.CheckAsync(s_none)).Fault);
        var options = new ChunkOptions { Workers = 1, PackBytes = 1 << 20 };
        var repository = await ChunkRepository.OpenOrCreateAsync(store, options, null, TimeProvider.System, s_none);
        var first = new byte[160 * Leaf + 999];
        new Random(1).NextBytes(first.AsSpan(10 * Leaf));
        byte[] second = [.. first];
        new Random(2).NextBytes(second.AsSpan(100 * Leaf, 5 * Leaf));

        // The source breaks off two thirds of the way; the next attempt sends what is not there yet, and no more.
        await Assert.ThrowsAsync<IOException>(() => BackUpAsync(repository, "s1", new Broken(first, 100 * Leaf)));
        var held = await NamesAsync(store, "swf/chunks/packs/");
        Assert.NotEmpty(held);
        var one = await BackUpAsync(repository, "s1", new Broken(first, int.MaxValue));
        Assert.InRange(one.SentBytes, 1, first.Length - (held.Count - 1) * (1 << 20));
        var two = await BackUpAsync(await ChunkRepository.OpenAsync(store, options, null, TimeProvider.System, s_none), "s2", new Broken(second, int.MaxValue));
        Assert.Equal((5, "s1"), (two.NewLeaves, two.Previous));
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, s_none)).Sound);
        await DemandAsync(repository, "s1", first);
        await DemandAsync(repository, "s2", second);

        // One pack gone: found, marked, and stored anew by the next backup.
        var lost = (await NamesAsync(store, "swf/chunks/packs/s1.1/"))[0];
        await store.DeleteAsync(lost, s_none);
        Assert.Contains((await repository.VerifyAsync(new ChunkVerifyRequest(), null, s_none)).Findings, f => f is { Code: ChunkCodes.Missing, Snapshot: "s2", Extent: not null });
        Assert.True((await BackUpAsync(repository, "s3", new Broken(second, int.MaxValue))).NewLeaves > 0);
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest { Snapshots = ["s3"] }, null, s_none)).Sound);

        await repository.DeleteAsync("s1", s_none);
        await repository.DeleteAsync("s2", s_none);
        await BackUpAsync(repository, "gone", new Broken([.. first.Reverse()], int.MaxValue));
        await repository.UndoAsync("gone", s_none);
        await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 0 }, s_none);
        await store.SweepUnfinishedAsync("swf/chunks/", DateTimeOffset.MaxValue, s_none);
        var report = await repository.VerifyAsync(new ChunkVerifyRequest(), null, s_none);
        Assert.True(report.Sound);
        Assert.Equal(report.Packs, (await NamesAsync(store, "swf/chunks/packs/")).Count);
        Assert.Empty(await NamesAsync(store, "swf/chunks/damaged/"));
        await DemandAsync(repository, "s3", second);
    }

    private static Task<ChunkSnapshot> BackUpAsync(ChunkRepository repository, string id, Broken disk) =>
        repository.WriteAsync(new ChunkSnapshotRequest { Snapshot = id, Volume = "disk-a" }, (IRandomAccessSource)disk, null, s_none);

    private async Task DemandAsync(ChunkRepository repository, string id, byte[] disk)
    {
        var path = _folder.Of(id);
        await repository.RestoreToFileAsync(id, path, readBack: false, null, s_none);
        Assert.True((await File.ReadAllBytesAsync(path, s_none)).AsSpan().SequenceEqual(disk), id);
    }

    private static async Task<List<string>> NamesAsync(BlobStore store, string prefix)
    {
        var names = new List<string>();
        await foreach (var found in store.ListAsync(prefix, s_none))
            names.Add(found.Name);
        return names;
    }

    /// <summary>A disk that cannot be read from some byte on.</summary>
    private sealed class Broken(byte[] disk, long end) : IRandomAccessSource
    {
        public long Length => disk.Length;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            if (offset + buffer.Length > end)
                throw new IOException("The source is gone.");
            var count = (int)Math.Clamp(disk.Length - offset, 0, buffer.Length);
            disk.AsSpan((int)offset, count).CopyTo(buffer.Span);
            return ValueTask.FromResult(count);
        }
    }
}
