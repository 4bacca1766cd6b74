using SnapshotWorkflows.Secondary.Chunks;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>A deletion of more than one collection takes: the next ones take the rest.</summary>
public sealed class CollectionSizeTests
{
    [Fact]
    public async Task What_one_collection_does_not_take_the_next_ones_do()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline with { CondemnedMax = 3, IndexRecordsMax = 8 });
        await repository.BackUpAsync("s1", Disk(80, 1));
        var kept = Disk(20, 2);
        await repository.BackUpAsync("s2", kept, "disk-b");
        await repository.DeleteAsync("s1", None);
        int Unneeded() => store.Names("swf/chunks/").Count(n => n.StartsWith("swf/chunks/packs/s1.1/", StringComparison.Ordinal) || n.StartsWith("swf/chunks/indexes/s1.1/", StringComparison.Ordinal));
        var (before, rounds) = (Unneeded(), 0);
        Assert.True(before > 9, $"only {before} objects");
        while (Unneeded() > 0)
        {
            var report = await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 0 }, None);
            Assert.InRange(report.Condemned, 1, 6);
            Assert.Equal(before - report.Deleted, Unneeded());
            before = Unneeded();
            rounds++;
        }
        Assert.InRange(rounds, 2, 10);
        Assert.Equal(kept, await repository.ReadAsync("s2"));
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound);
    }
}
