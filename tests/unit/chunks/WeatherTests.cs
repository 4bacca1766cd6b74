using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Tests.Unit.Secondary;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>Bad weather at every call of a backup, one call after the other: the error says what it was, older snapshots are untouched, and the next attempt goes on and ends well.</summary>
public sealed class WeatherTests
{
    [Theory]
    [InlineData(StoreCodes.Full)]
    [InlineData(StoreCodes.Unavailable)]
    [InlineData(StoreCodes.Denied)]
    public async Task A_store_that_fails_at_any_call_of_a_backup_harms_no_older_snapshot_and_the_next_attempt_goes_on(string code)
    {
        var (one, two) = (Disk(24, 1), Changed(Disk(24, 1), 2, 8));
        for (var call = 0; ; call++)
        {
            var store = new MemoryStore();
            await (await OpenAsync(store, Inline)).BackUpAsync("s1", one);
            var (seen, fired) = (0, false);
            store.Before = _ =>
            {
                if (seen++ != call)
                    return Task.CompletedTask;
                fired = true;
                throw new SecondaryStoreException(code, "The weather is bad.", "Wait.");
            };
            var failure = await Record.ExceptionAsync(async () => await (await OpenAsync(store, Inline)).BackUpAsync("s2", two));
            store.Before = null;
            if (!fired)
            {
                Assert.Null(failure);
                Assert.True(call > 15, $"only {call} calls");
                return;
            }
            Assert.Equal(code, Assert.IsType<SecondaryStoreException>(failure).Code);
            var repository = await OpenAsync(store, Inline);
            Assert.Equal(one, await repository.ReadAsync("s1"));
            Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound);
            await repository.BackUpAsync("s2", two);
            Assert.Equal(two, await repository.ReadAsync("s2"));
            await repository.CollectAsync(new ChunkCollectRequest(), None);
            var report = await repository.VerifyAsync(new ChunkVerifyRequest(), null, None);
            Assert.True(report.Sound);
            Assert.Equal(report.Packs, store.Names("swf/chunks/packs/").Count());
        }
    }

    [Fact]
    public async Task A_backup_that_is_given_up_in_bad_weather_can_be_taken_back_and_leaves_the_others()
    {
        var store = new MemoryStore();
        var one = Disk(24, 1);
        var repository = await OpenAsync(store, Inline);
        await repository.BackUpAsync("s1", one);
        var before = store.Names("").ToHashSet();
        var packs = 0;
        store.Before = call => call.Name.Contains("/packs/", StringComparison.Ordinal) && packs++ == 2 ? throw new SecondaryStoreException(StoreCodes.Full, "Full.", "Free space.") : Task.CompletedTask;
        await Assert.ThrowsAsync<SecondaryStoreException>(() => repository.BackUpAsync("s2", Disk(24, 9)));
        store.Before = null;
        await repository.UndoAsync("s2", None);
        await repository.UndoAsync("s2", None);
        // What is left of it refuses its own late writer, and nothing more.
        Assert.All(store.Names("").Where(name => !before.Contains(name)), name => Assert.StartsWith("swf/chunks/sessions/s2.1/", name));
        Assert.Equal(one, await repository.ReadAsync("s1"));
    }
}
