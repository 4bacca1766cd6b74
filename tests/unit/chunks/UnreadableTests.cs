using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Tests.Unit.Secondary;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>An object that cannot be read (EIO) while the store answers is damaged, and is met as such; a store that does not answer says nothing of any object.</summary>
public sealed class UnreadableTests
{
    private const string Root = "swf/chunks/";

    /// <summary>Every object there is, one after the other: backups of every disk go on, everything older can be deleted, collections take it, and a verification says what it is.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_object_that_cannot_be_read_stops_nothing_but_what_needs_it(bool encrypted)
    {
        var keys = encrypted ? Keys() : null;
        var (whole, disk) = await WorldAsync(keys);
        var names = whole.Names("").Where(name => name != Root + "repository" && !name.StartsWith(Root + "keys/", StringComparison.Ordinal)).ToList();
        foreach (var kind in new[] { "begin", "end", "condemned", "fence", "doomed", "done", "deleted" })
            Assert.Contains(names, name => name.EndsWith('/' + kind));
        // With a key only what bears one or is encrypted differs.
        foreach (var name in names.Where(name => !encrypted || name.EndsWith("/end", StringComparison.Ordinal) || name.Contains("/indexes/", StringComparison.Ordinal)))
        {
            var store = new BadSectors(whole.Copy());
            store.Bad(name);
            var repository = await OpenAsync(store, Inline, keys);
            var before = await repository.VerifyAsync(new ChunkVerifyRequest(), null, None);
            Assert.True(!before.Sound, $"not told: {name}");
            Assert.All(before.Findings, finding => Assert.Equal(ChunkCodes.Damaged, finding.Code));

            foreach (var volume in new[] { "disk-a", "disk-b", "disk-new" })
                await repository.BackUpAsync($"after-{volume}", disk, volume);
            foreach (var old in new[] { "s1", "s2", "s3", "s4", "s5" })
                await repository.DeleteAsync(old, None);
            for (var i = 0; i < 3; i++)
                await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 0, IsDead = snapshot => snapshot == "dead" }, None);
            Assert.Equal(["after-disk-a", "after-disk-b", "after-disk-new"], (await repository.ListAsync(evenDeleted: true, None)).Select(s => s.Snapshot));
            foreach (var volume in new[] { "disk-a", "disk-b", "disk-new" })
                Assert.Equal(disk, await repository.ReadAsync($"after-{volume}"));
            var after = await repository.VerifyAsync(new ChunkVerifyRequest(), null, None);
            // A closed session's end stays for ever, whatever became of it.
            Assert.True(after.Findings.All(finding => finding.Object == name && name == Root + "sessions/dead.1/end"), $"{name}: {string.Join(Environment.NewLine, after.Findings.Select(finding => finding.Message))}");
        }
    }

    [Theory]
    [InlineData("s1")]
    [InlineData("s2")]
    public async Task A_bad_sector_under_a_leaf_is_named_by_that_leaf_and_its_neighbours_are_read(string snapshot)
    {
        var store = new BadSectors(new MemoryStore());
        var repository = await OpenAsync(store, Inline with { PackBytes = 4 << 20 });
        // Nothing of it is smaller when compressed: leaf n is the n-th frame.
        var disk = new byte[24 * Leaf];
        new Random(5).NextBytes(disk);
        await repository.BackUpAsync("s1", disk);
        await repository.BackUpAsync("s2", disk);
        var inner = new List<string>();
        await foreach (var pack in store.ListAsync(Root + "packs/", None))
            inner.Add(pack.Name);
        store.Bad(inner.Single(), 7 * Leaf + 100, 7 * Leaf + 200);

        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await using var opened = await repository.OpenDiskAsync(snapshot, None);
        foreach (var failure in new[]
        {
            await Assert.ThrowsAsync<ChunkException>(async () => await opened.ReadAsync(0, new byte[10], None)),
            await Assert.ThrowsAsync<ChunkException>(() => repository.RestoreToFileAsync(snapshot, file, false, null, None)),
        })
        {
            Assert.Equal(ChunkCodes.Damaged, failure.Code);
            Assert.Equal(new DiskExtent(7 * Leaf, Leaf), failure.Extent);
        }
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task A_page_of_an_index_that_cannot_be_read_names_its_leaves()
    {
        var store = new BadSectors(new MemoryStore());
        var repository = await OpenAsync(store, Inline);
        await repository.BackUpAsync("s1", Disk(20, 1));
        store.IsBad = (name, offset, length) => name.StartsWith(Root + "indexes/", StringComparison.Ordinal) && offset == 0 && length > 0;
        await using var opened = await repository.OpenDiskAsync("s1", None);
        var failure = await Assert.ThrowsAsync<ChunkException>(async () => await opened.ReadAsync(5 * Leaf, new byte[10], None));
        Assert.Equal(ChunkCodes.Damaged, failure.Code);
        Assert.InRange(failure.Extent!.Value.Length, 10 * Leaf, 20 * Leaf);
        Assert.Equal("baseline-damaged", (await repository.BackUpAsync("s2", Disk(20, 1))).FullReason);
    }

    [Fact]
    public async Task A_store_that_answers_nothing_is_away_and_none_of_its_objects_is_damaged()
    {
        var (whole, disk) = await WorldAsync(null);
        var store = new BadSectors(whole);
        var repository = await OpenAsync(store, Inline);
        store.IsBad = (_, _, _) => true;
        foreach (var act in new Func<Task>[]
        {
            () => repository.VerifyAsync(new ChunkVerifyRequest(), null, None),
            () => repository.VerifyAsync(new ChunkVerifyRequest { Snapshots = ["s2"] }, null, None),
            () => repository.BackUpAsync("next", disk),
            () => repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 0 }, None),
            () => repository.ReadAsync("s2"),
            () => repository.DeleteAsync("s2", None),
        })
        {
            var failure = await Assert.ThrowsAsync<SecondaryStoreException>(act);
            // The repository's own text, which is the witness of all others, has none itself.
            Assert.Contains(failure.Code, new[] { StoreCodes.Unavailable, StoreCodes.Io });
        }
        Assert.Empty(whole.Names(Root + "damaged/"));
        // Where the server is away for the second look alone.
        store.IsBad = (name, _, _) => name == Root + "repository" || name.StartsWith(Root + "packs/", StringComparison.Ordinal);
        Assert.Equal(StoreCodes.Unavailable, (await Assert.ThrowsAsync<SecondaryStoreException>(() => repository.VerifyAsync(new ChunkVerifyRequest { Snapshots = ["s2"] }, null, None))).Code);
        Assert.Empty(whole.Names(Root + "damaged/"));
    }

    [Fact]
    public async Task A_server_that_goes_between_the_two_looks_is_no_damage()
    {
        var (whole, _) = await WorldAsync(null);
        var store = new BadSectors(whole);
        var repository = await OpenAsync(store, Inline);
        var pack = whole.Names(Root + "packs/s1.1/").First();
        var (packs, witnesses) = (0, 0);
        // Away, there, away: the pack fails, the witness is read, the pack fails again, and so does the witness.
        store.IsBad = (name, _, length) => name == pack ? ++packs > 0 : name == Root + "repository" && length > 0 && ++witnesses > 1;
        Assert.Equal(StoreCodes.Unavailable, (await Assert.ThrowsAsync<SecondaryStoreException>(() => repository.VerifyAsync(new ChunkVerifyRequest { Snapshots = ["s2"] }, null, None))).Code);
        Assert.Equal((2, 2), (packs, witnesses));
        Assert.Empty(whole.Names(Root + "damaged/"));
    }

    [Fact]
    public async Task What_can_be_read_the_second_time_is_well()
    {
        var (whole, disk) = await WorldAsync(null);
        var store = new BadSectors(whole);
        var repository = await OpenAsync(store, Inline);
        store.Passing(1);
        // The witness is left out: it is read in between.
        var passing = store.IsBad;
        store.IsBad = (name, offset, length) => name != Root + "repository" && passing(name, offset, length);
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound);
        Assert.True(store.Failures > 20, $"{store.Failures} failures");
        Assert.Empty(whole.Names(Root + "damaged/"));
        Assert.Equal(0, (await repository.BackUpAsync("next", disk)).NewLeaves);
    }

    [Fact]
    public async Task An_older_keys_object_that_cannot_be_read_is_not_missed_and_the_current_ones_is()
    {
        var store = new BadSectors(new MemoryStore());
        var disk = Disk(20, 1);
        await (await OpenAsync(store, Inline, Keys())).BackUpAsync("s1", disk);
        await (await OpenAsync(store, Inline, Keys("k2"))).BackUpAsync("s2", Changed(disk, 3, 5));
        store.Bad(Root + "keys/k1");
        var repository = await OpenAsync(store, Inline, Keys("k2"));
        Assert.Equal(disk, await repository.ReadAsync("s1"));
        Assert.Contains((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Findings, f => f.Object == Root + "keys/k1");
        store.Bad(Root + "keys/k2");
        var failure = await Assert.ThrowsAsync<ChunkException>(() => OpenAsync(store, Inline, Keys("k2")));
        Assert.Equal(ChunkCodes.Damaged, failure.Code);
        Assert.Contains("keys/k2", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Snapshots of two disks, a deletion, one undone, a collection that is done, one that is under way, and a dead backup.</summary>
    private static async Task<(MemoryStore Store, byte[] Disk)> WorldAsync(SnapshotWorkflows.Secondary.Chunks.Keys.ChunkKeyRing? keys)
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline, keys);
        var disk = Disk(10, 1);
        await repository.BackUpAsync("s1", Disk(10, 1));
        disk = Changed(disk, 2, 3);
        await repository.BackUpAsync("s2", disk);
        await repository.BackUpAsync("s3", Disk(6, 9), "disk-b");
        await repository.BackUpAsync("s4", Disk(6, 7), "disk-c");
        await repository.BackUpAsync("s5", Disk(6, 8), "disk-d");
        await repository.DeleteAsync("s3", None);
        await repository.UndeleteAsync("s3", None);
        await repository.DeleteAsync("s4", None);
        await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 1 }, None);
        await DyingAsync(store, keys, "packs/dead.1/", repository => repository.BackUpAsync("dead", Disk(6, 4), "disk-e"));
        // It purges s4, waits for what is at work, and dies when that has ended and all is decided.
        Assert.Equal(["dead"], (await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 1 }, None)).WaitingFor);
        await DyingAsync(store, keys, "/done", repository => repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 1, IsDead = _ => true }, None));
        return (store, disk);
    }

    private static async Task DyingAsync(MemoryStore store, SnapshotWorkflows.Secondary.Chunks.Keys.ChunkKeyRing? keys, string where, Func<ChunkRepository, Task> act)
    {
        var dying = new MemoryStore(store) { Before = call => call.Changes && call.Name.Contains(where, StringComparison.Ordinal) ? throw new InvalidOperationException("dead") : Task.CompletedTask };
        var repository = await OpenAsync(dying, Inline, keys);
        await Assert.ThrowsAsync<InvalidOperationException>(() => act(repository));
    }
}
