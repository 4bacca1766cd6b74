using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Pipeline;
using SnapshotWorkflows.Tests.Unit.Secondary;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>A pack that is damaged or gone costs the snapshots that need it, and nothing that is backed up after a verification has seen it.</summary>
public sealed class DamagedPackTests
{
    private const string Packs = "swf/chunks/packs/";
    private const string Marks = "swf/chunks/damaged/";

    [Theory]
    [InlineData("flip", false)]
    [InlineData("flip", true)]
    [InlineData("cut", false)]
    [InlineData("remove", true)]
    public async Task A_backup_after_a_verification_stores_the_leaves_of_a_damaged_pack_anew(string damage, bool encrypted)
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline, encrypted ? Keys() : null);
        var disk = Disk(40, 1);
        await repository.BackUpAsync("s1", disk);
        var pack = Damage(store, damage);

        // Not known yet: the next one refers to it. Its own verification tells, and it is taken back, as the workflow does.
        await repository.BackUpAsync("s2", disk);
        Assert.False((await VerifyAsync(repository, "s2")).Sound);
        await repository.UndoAsync("s2", None);
        Assert.Equal([Marks + pack], store.Names(Marks));

        var three = await repository.BackUpAsync("s3", disk);
        Assert.InRange(three.NewLeaves, 1, 12);
        Assert.Equal("s1", three.Previous);
        var other = await repository.BackUpAsync("s4", disk, "disk-b");
        var asked = await repository.WriteAsync(Request("s5") with { Full = true }, new MemorySource(disk), null, None);
        Assert.Equal((0, 0), (other.NewLeaves, asked.NewLeaves));
        foreach (var id in new[] { "s3", "s4", "s5" })
        {
            Assert.True((await VerifyAsync(repository, id)).Sound, id);
            Assert.Equal(disk, await repository.ReadAsync(id));
        }
        // Once more, on a sound baseline: nothing is sent twice.
        Assert.Equal(0, (await repository.BackUpAsync("s6", disk)).NewLeaves);

        // The mark goes with the pack, or with the last who needs what is not there any more.
        foreach (var id in new[] { "s1", "s2" })
            await repository.DeleteAsync(id, None);
        await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 0 }, None);
        Assert.Empty(store.Names(Marks));
        Assert.DoesNotContain(Packs + pack, store.Names(Packs));
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound);
    }

    [Fact]
    public async Task What_did_not_change_is_read_all_the_same_where_its_pack_is_damaged()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        var disk = Disk(40, 1);
        await repository.BackUpAsync("s1", disk);
        Damage(store, "flip");
        await VerifyAsync(repository, "s1");
        var nothing = new ChangedExtents("s1", new byte[8]);
        var two = await repository.WriteAsync(Request("s2") with { Changed = nothing }, new MemorySource(disk), null, None);
        Assert.InRange(two.NewLeaves, 1, 12);
        Assert.True(two.ReadBytes < disk.Length);
        Assert.Equal(disk, await repository.ReadAsync("s2"));
    }

    [Fact]
    public async Task A_verification_of_a_store_that_takes_no_mark_tells_what_it_found_and_that()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        await repository.BackUpAsync("s1", Disk(40, 1));
        Damage(store, "flip");
        store.Before = call => call.Kind == "put" ? throw new SecondaryStoreException(StoreCodes.Denied, "Read only.", "Mount it for writing.") : Task.CompletedTask;
        var report = await VerifyAsync(repository, "s1");
        Assert.False(report.Sound);
        Assert.Equal(StoreCodes.Denied, report.Unmarked!.Code);
        store.Before = null;
        Assert.Null((await repository.VerifyAsync(new ChunkVerifyRequest { MarkDamage = false }, null, None)).Unmarked);
        Assert.Empty(store.Names(Marks));
    }

    [Fact]
    public async Task A_pack_that_cannot_be_read_is_damaged_and_a_store_that_does_not_answer_is_an_error()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        var disk = Disk(40, 1);
        await repository.BackUpAsync("s1", disk);
        var pack = store.Names(Packs).First();
        var code = StoreCodes.Unavailable;
        store.Before = call => call.Kind == "open" && call.Name == pack ? throw new SecondaryStoreException(code, "Input/output error.", "Look at the disk.") : Task.CompletedTask;
        Assert.Equal(code, (await Assert.ThrowsAsync<SecondaryStoreException>(() => VerifyAsync(repository, "s1"))).Code);
        Assert.Empty(store.Names(Marks));

        code = StoreCodes.Io;
        var report = await VerifyAsync(repository, "s1");
        Assert.All(report.Findings, f => Assert.Equal((ChunkCodes.Damaged, pack), (f.Code, f.Object)));
        Assert.Contains(report.Findings, f => f is { Snapshot: "s1", Extent: not null });
        Assert.Equal([Marks + pack[Packs.Length..]], store.Names(Marks));
        Assert.InRange((await repository.BackUpAsync("s2", disk)).NewLeaves, 1, 12);
        Assert.True((await VerifyAsync(repository, "s2")).Sound);
        Assert.Equal(disk, await repository.ReadAsync("s2"));
    }

    [Fact]
    public async Task A_mark_that_is_damaged_itself_still_bars_and_is_told()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        var disk = Disk(40, 1);
        await repository.BackUpAsync("s1", disk);
        Damage(store, "flip");
        await VerifyAsync(repository, "s1");
        var mark = store.Names(Marks).Single();
        store.Replace(mark, [1, 2, 3]);
        Assert.True((await repository.BackUpAsync("s2", disk)).NewLeaves > 0);
        Assert.Contains((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Findings, f => f.Object == mark);
    }

    private static Task<ChunkVerifyReport> VerifyAsync(ChunkRepository repository, string snapshot) => repository.VerifyAsync(new ChunkVerifyRequest { Snapshots = [snapshot] }, null, None);

    private static string Damage(MemoryStore store, string how)
    {
        var name = store.Names(Packs).First();
        byte[] bytes = [.. store.Objects[name]];
        bytes[10] ^= 1;
        if (how == "remove")
            store.Remove(name);
        else
            store.Replace(name, how == "cut" ? bytes[..100] : bytes);
        return name[Packs.Length..];
    }
}
