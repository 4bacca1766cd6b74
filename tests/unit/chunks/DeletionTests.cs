using SnapshotWorkflows.Secondary.Chunks;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>A deletion costs the same however many snapshots there are, and finds the snapshot whichever of its id's sessions made it.</summary>
public sealed class DeletionTests
{
    [Fact]
    public async Task A_first_deletion_lists_nothing()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        await repository.BackUpAsync("s1", Disk(3, 1));
        await repository.BackUpAsync("s2", Disk(3, 2));
        var calls = new List<string>();
        store.Before = call =>
        {
            calls.Add(call.Kind);
            return Task.CompletedTask;
        };
        await repository.DeleteAsync("s1", None);
        store.Before = null;
        Assert.NotEmpty(calls);
        Assert.DoesNotContain("list", calls);
        Assert.Equal(["s2"], (await repository.ListAsync(false, None)).Select(s => s.Snapshot));
    }

    [Fact]
    public async Task What_was_brought_back_is_deleted_again()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        await repository.BackUpAsync("s1", Disk(3, 1));
        for (var times = 1; times <= 3; times++)
        {
            await repository.DeleteAsync("s1", None);
            await repository.DeleteAsync("s1", None);
            Assert.Empty(await repository.ListAsync(false, None));
            Assert.Equal(times, store.Names("swf/chunks/tombstones/").Count(name => name.EndsWith("/deleted", StringComparison.Ordinal)));
            await repository.UndeleteAsync("s1", None);
            Assert.Single(await repository.ListAsync(false, None));
        }
    }

    [Fact]
    public async Task A_snapshot_of_its_ids_second_session_is_deleted()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        store.Before = call => call.Name.EndsWith("/end", StringComparison.Ordinal) ? throw new IOException("away") : Task.CompletedTask;
        await Assert.ThrowsAnyAsync<Exception>(() => repository.BackUpAsync("s1", Disk(3, 1)));
        store.Before = null;
        await repository.UndoAsync("s1", None);
        await repository.BackUpAsync("s1", Disk(3, 1));
        Assert.Contains("swf/chunks/sessions/s1.2/end", store.Names(""));
        await repository.DeleteAsync("s1", None);
        Assert.Empty(await repository.ListAsync(false, None));
        for (var i = 0; i < 2; i++)
            await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 0 }, None);
        Assert.Empty(store.Names("swf/chunks/packs/"));
    }
}
