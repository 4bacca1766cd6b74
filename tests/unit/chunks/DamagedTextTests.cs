using SnapshotWorkflows.Secondary.Chunks;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>A manifest or an index that is damaged stops collections, for what it reaches is unknown; deleting its snapshot is what lets them go on.</summary>
public sealed class DamagedTextTests
{
    [Theory]
    [InlineData("sessions/s1.1/end", 30, false)]
    [InlineData("sessions/s1.1/end", 30, true)]
    [InlineData("sessions/s1.1/end", 11, false)]
    [InlineData("indexes/s1.1/", -20, false)]
    [InlineData("indexes/s1.1/", -20, true)]
    public async Task A_snapshot_whose_manifest_or_index_is_damaged_is_deleted_and_collections_go_on(string what, int at, bool encrypted)
    {
        var store = new MemoryStore();
        var keys = encrypted ? Keys() : null;
        var disk = Disk(40, 1);
        await (await OpenAsync(store, Inline, keys)).BackUpAsync("s1", disk);
        await (await OpenAsync(store, Inline, keys)).BackUpAsync("s2", Disk(30, 9), "disk-b");
        var name = store.Names("swf/chunks/" + what).Single();
        byte[] bytes = [.. store.Objects[name]];
        bytes[at < 0 ? bytes.Length + at : at] ^= 3;
        store.Replace(name, bytes);

        var repository = await OpenAsync(store, Inline, keys);
        var stopped = await Assert.ThrowsAsync<ChunkException>(() => CollectAsync(repository));
        Assert.Contains("delete the snapshots", stopped.Remedy, StringComparison.Ordinal);
        await repository.DeleteAsync("s1", None);
        await repository.DeleteAsync("s1", None);
        Assert.Null(await repository.FindAsync("s1", None));
        Assert.Equal(["s2"], (await repository.ListAsync(evenDeleted: false, None)).Select(s => s.Snapshot));

        // One collection for the undo window, in which the damage still stands in the way; the next one purges it and takes all of it.
        var packs = store.Names("swf/chunks/packs/").Count();
        await Assert.ThrowsAsync<ChunkException>(() => CollectAsync(repository));
        Assert.Equal(packs, store.Names("swf/chunks/packs/").Count());
        var report = await CollectAsync(repository);
        Assert.Equal(["s1"], report.Purged);
        Assert.Empty(store.Names("swf/chunks/packs/s1.1/").Concat(store.Names("swf/chunks/indexes/s1.1/")).Concat(store.Names("swf/chunks/sessions/s1.1/")).Concat(store.Names("swf/chunks/tombstones/")));
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound);
        Assert.Equal(Disk(30, 9), await repository.ReadAsync("s2"));
    }

    [Fact]
    public async Task A_collection_that_damage_stopped_half_way_goes_on_after_the_purge()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        await repository.BackUpAsync("s1", Disk(40, 1));
        await repository.BackUpAsync("s2", Disk(30, 9), "disk-b");
        await repository.BackUpAsync("s3", Disk(30, 5), "disk-c");
        await repository.DeleteAsync("s3", None);
        await CollectAsync(repository);
        // s3's packs are condemned, and the collector dies before it looks again.
        store.Before = call => call is { Kind: "put" } && call.Name.EndsWith("/fence", StringComparison.Ordinal) ? throw new InvalidOperationException("dead") : Task.CompletedTask;
        await Assert.ThrowsAsync<InvalidOperationException>(() => CollectAsync(repository));
        store.Before = null;
        var index = store.Names("swf/chunks/indexes/s1.1/").Single();
        byte[] bytes = [.. store.Objects[index]];
        bytes[^20] ^= 1;
        store.Replace(index, bytes);

        await repository.DeleteAsync("s1", None);
        await Assert.ThrowsAsync<ChunkException>(() => CollectAsync(repository));
        Assert.NotEmpty(store.Names("swf/chunks/packs/s3.1/"));
        Assert.Equal(["s1"], (await CollectAsync(repository)).Purged);
        await CollectAsync(repository);
        Assert.All(store.Names("swf/chunks/packs/"), p => Assert.StartsWith("swf/chunks/packs/s2.1/", p));
        Assert.All(store.Names("swf/chunks/collections/").Where(c => c.EndsWith("/condemned", StringComparison.Ordinal)), c => Assert.Contains(c.Replace("/condemned", "/done", StringComparison.Ordinal), store.Names("swf/chunks/collections/")));
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound);
    }

    /// <summary>Undone or purged, nobody can tell: others go on as if nothing were, what the snapshot reaches is kept, and deleting it again is the way to be rid of it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deletion_whose_end_is_damaged_stops_nobody_and_is_made_anew(bool purged)
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        await repository.BackUpAsync("s1", Disk(40, 1));
        await repository.BackUpAsync("s2", Disk(30, 9), "disk-b");
        await repository.DeleteAsync("s1", None);
        if (purged)
        {
            // The purge was put, and the collector died before it took anything.
            await CollectAsync(repository);
            store.Before = call => call is { Kind: "put" } && call.Name.EndsWith("/condemned", StringComparison.Ordinal) ? throw new InvalidOperationException("dead") : Task.CompletedTask;
            await Assert.ThrowsAsync<InvalidOperationException>(() => CollectAsync(repository));
            store.Before = null;
        }
        else
            await repository.UndeleteAsync("s1", None);
        const string end = "swf/chunks/tombstones/s1.1.1/end";
        byte[] bytes = [.. store.Objects[end]];
        bytes[^4] ^= 1;
        store.Replace(end, bytes);

        repository = await OpenAsync(store, Inline);
        foreach (var told in new Func<Task>[] { () => repository.FindAsync("s1", None), () => repository.UndeleteAsync("s1", None) })
        {
            var fault = await Assert.ThrowsAsync<ChunkException>(told);
            Assert.Equal(ChunkCodes.Damaged, fault.Code);
            Assert.Contains(end, fault.Message, StringComparison.Ordinal);
            Assert.Contains("delete the snapshot again", fault.Remedy, StringComparison.Ordinal);
        }
        Assert.Contains((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Findings, f => f.Object == end);
        Assert.Equal(["s2"], (await repository.ListAsync(evenDeleted: false, None)).Select(s => s.Snapshot));
        var next = await repository.BackUpAsync("s3", Disk(30, 9), "disk-b");
        Assert.Equal((0, "s2"), (next.NewLeaves, next.Previous));
        await repository.DeleteAsync("s2", None);
        for (var i = 0; i < 3; i++)
            Assert.Equal(["s1"], (await CollectAsync(repository)).Undecided);
        Assert.NotEmpty(store.Names("swf/chunks/packs/s1.1/"));
        Assert.Equal(["s1", "s3"], (await repository.ListAsync(evenDeleted: true, None)).Select(s => s.Snapshot));

        await repository.DeleteAsync("s1", None);
        await repository.DeleteAsync("s1", None);
        Assert.Null(await repository.FindAsync("s1", None));
        Assert.Empty((await CollectAsync(repository)).Undecided);
        Assert.Equal(["s1"], (await CollectAsync(repository)).Purged);
        await CollectAsync(repository);
        Assert.Empty(store.Names("swf/chunks/packs/s1.1/").Concat(store.Names("swf/chunks/sessions/s1.1/")).Concat(store.Names("swf/chunks/tombstones/")));
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound);
        Assert.Equal(Disk(30, 9), await repository.ReadAsync("s3"));
    }

    [Fact]
    public async Task A_damaged_end_of_a_deletion_whose_snapshot_is_gone_goes_with_the_next_collection()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        await repository.BackUpAsync("s1", Disk(20, 1));
        await repository.BackUpAsync("s2", Disk(20, 2), "disk-b");
        await repository.DeleteAsync("s1", None);
        await CollectAsync(repository);
        // The purge's collector dies between the session's texts and the tombstone's.
        store.Before = call => call.Kind == "delete" && call.Name.StartsWith("swf/chunks/tombstones/", StringComparison.Ordinal) ? throw new InvalidOperationException("dead") : Task.CompletedTask;
        await Assert.ThrowsAsync<InvalidOperationException>(() => CollectAsync(repository));
        store.Before = null;
        Assert.Empty(store.Names("swf/chunks/sessions/s1.1/"));
        byte[] bytes = [.. store.Objects["swf/chunks/tombstones/s1.1.1/end"]];
        bytes[^4] ^= 1;
        store.Replace("swf/chunks/tombstones/s1.1.1/end", bytes);

        await CollectAsync(repository);
        await CollectAsync(repository);
        Assert.Empty(store.Names("swf/chunks/tombstones/"));
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound);
    }

    [Fact]
    public async Task A_backup_whose_own_manifest_is_damaged_is_taken_back()
    {
        var store = new MemoryStore();
        await (await OpenAsync(store, Inline)).BackUpAsync("s1", Disk(40, 1));
        byte[] bytes = [.. store.Objects["swf/chunks/sessions/s1.1/end"]];
        bytes[^5] ^= 1;
        store.Replace("swf/chunks/sessions/s1.1/end", bytes);
        var repository = await OpenAsync(store, Inline);
        await repository.UndoAsync("s1", None);
        Assert.Null(await repository.FindAsync("s1", None));
    }

    [Fact]
    public async Task A_snapshot_purged_while_its_backup_is_taken_back_keeps_what_others_share_with_it()
    {
        var store = new MemoryStore();
        var disk = Disk(40, 1);
        await (await OpenAsync(store, Inline)).BackUpAsync("s1", disk);
        await (await OpenAsync(store, Inline)).BackUpAsync("s2", disk);
        var slow = new MemoryStore(store);
        var collected = false;
        slow.Before = async call =>
        {
            if (call.Kind != "put" || collected)
                return;
            collected = true;
            var other = await OpenAsync(store, Inline);
            await other.DeleteAsync("s1", None);
            await other.CollectAsync(new ChunkCollectRequest { UndoCollections = 0 }, None);
        };
        await (await OpenAsync(slow, Inline)).UndoAsync("s1", None);
        Assert.True(collected);
        Assert.Equal(disk, await (await OpenAsync(store, Inline)).ReadAsync("s2"));
    }

    private static Task<ChunkCollectReport> CollectAsync(ChunkRepository repository) => repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 1 }, None);
}
