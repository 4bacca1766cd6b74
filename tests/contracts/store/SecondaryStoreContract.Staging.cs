using System.Security.Cryptography;
using SnapshotWorkflows.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

public abstract partial class SecondaryStoreContract
{
    private IStagedObjects Staging => (IStagedObjects)Store;

    protected static string Identity(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Parts of the sizes given, with content of their own.</summary>
    private static List<(StagedPart Part, byte[] Content)> PartsOf(int seed, params int[] lengths)
    {
        var parts = new List<(StagedPart, byte[])>();
        long offset = 0;
        foreach (var length in lengths)
        {
            var content = Bytes(length, (seed * 1000) + parts.Count);
            parts.Add((new StagedPart(parts.Count, offset, length, Identity(content)), content));
            offset += length;
        }
        return parts;
    }

    private static byte[] Whole(List<(StagedPart Part, byte[] Content)> parts) => [.. parts.SelectMany(part => part.Content)];

    [Fact]
    public async Task Parts_written_in_any_order_make_the_object_and_it_appears_only_then()
    {
        var parts = PartsOf(1, 70_000, 1, 512, 1 << 20);
        await using var staged = await Staging.OpenStagedAsync("st/object", "s1", None);
        await Task.WhenAll(parts.AsEnumerable().Reverse().Select(part => staged.WriteAsync(part.Part, part.Content, None)));
        Assert.Null(await Store.FindAsync("st/object", None));
        Assert.Empty(await NamesAsync(""));

        Assert.Equal(PutOutcome.Created, await staged.CommitAsync([.. parts.Select(part => part.Part)], None));
        Assert.Equal(Whole(parts), await Store.ReadAllAsync("st/object", 2 << 20, None));
        Assert.Equal(["st/object"], await NamesAsync(""));
        Assert.Equal(0, await Store.SweepUnfinishedAsync("", DateTimeOffset.MaxValue, None));
    }

    [Fact]
    public async Task A_later_life_finds_what_an_earlier_one_staged_and_sends_only_the_rest()
    {
        var parts = PartsOf(2, 20 << 20, 20 << 20, 1000);
        await using (var first = await Staging.OpenStagedAsync("st/resumed", "s1", None))
        {
            await first.WriteAsync(parts[0].Part, parts[0].Content, None);
            await first.WriteAsync(parts[1].Part, parts[1].Content, None);
        }

        await using var second = await Staging.OpenStagedAsync("st/resumed", "s1", None);
        Assert.True(second.Holds(parts[0].Part));
        Assert.True(second.Holds(parts[1].Part));
        Assert.False(second.Holds(parts[2].Part));
        await second.WriteAsync(parts[2].Part, parts[2].Content, None);
        Assert.Equal(PutOutcome.Created, await second.CommitAsync([.. parts.Select(part => part.Part)], None));
        Assert.Equal(Whole(parts), await Store.ReadAllAsync("st/resumed", 64 << 20, None));
    }

    [Fact]
    public async Task Stale_parts_of_other_bytes_or_of_another_session_are_never_taken()
    {
        var old = PartsOf(3, 20 << 20, 20 << 20);
        await using (var first = await Staging.OpenStagedAsync("st/stale", "s1", None))
        {
            foreach (var (part, content) in old)
                await first.WriteAsync(part, content, None);
        }

        var now = PartsOf(4, 20 << 20, 20 << 20);
        await using (var other = await Staging.OpenStagedAsync("st/stale", "s2", None))
            Assert.False(other.Holds(old[0].Part));
        await using var second = await Staging.OpenStagedAsync("st/stale", "s1", None);
        Assert.False(second.Holds(now[0].Part));
        foreach (var (part, content) in now)
            await second.WriteAsync(part, content, None);
        Assert.Equal(PutOutcome.Created, await second.CommitAsync([.. now.Select(part => part.Part)], None));
        Assert.Equal(Whole(now), await Store.ReadAllAsync("st/stale", 64 << 20, None));
    }

    // Life 2 reads other bytes (a source that was replaced), writes a little over what life 1 made durable, and dies before anything of it is. Life 3 has life 1's bytes again.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1 << 20)]
    [InlineData(7, (20 << 20) - 10)]
    public async Task What_a_dead_life_wrote_over_is_not_taken_for_what_was_there_before(int index, long offset)
    {
        var parts = PartsOf(9, 20 << 20, 20 << 20);
        await using (var first = await Staging.OpenStagedAsync("st/over", "s1", None))
        {
            foreach (var (part, content) in parts)
                await first.WriteAsync(part, content, None);
        }
        var other = Bytes(5000, 77);
        await using (var second = await Staging.OpenStagedAsync("st/over", "s1", None))
            await second.WriteAsync(new StagedPart(index, offset, other.Length, Identity(other)), other, None);

        await using var third = await Staging.OpenStagedAsync("st/over", "s1", None);
        foreach (var (part, content) in parts.Where(part => !third.Holds(part.Part)))
            await third.WriteAsync(part, content, None);
        Assert.Equal(PutOutcome.Created, await third.CommitAsync([.. parts.Select(part => part.Part)], None));
        Assert.Equal(Whole(parts), await Store.ReadAllAsync("st/over", 64 << 20, None));
    }

    [Fact]
    public async Task What_was_discarded_is_gone_and_nothing_else_is()
    {
        var parts = PartsOf(5, 20 << 20);
        await Store.PutAsync("st/x", Bytes(10, 1), None);
        foreach (var name in new[] { "st/gone", "st/gone.b", "st/x" })
        {
            await using var staged = await Staging.OpenStagedAsync(name, "s1", None);
            await staged.WriteAsync(parts[0].Part, parts[0].Content, None);
        }

        await Staging.DiscardStagedAsync("st/gone", None);
        await Staging.DiscardStagedAsync("st/gone", None);
        await Staging.DiscardStagedAsync("never/was", None);
        await Staging.DiscardStagedAsync("st/x", None);

        Assert.Equal(["st/x"], await NamesAsync(""));
        Assert.Equal(Bytes(10, 1), await Store.ReadAllAsync("st/x", 10, None));
        await using (var again = await Staging.OpenStagedAsync("st/gone", "s1", None))
            Assert.False(again.Holds(parts[0].Part));
        await using (var beside = await Staging.OpenStagedAsync("st/gone.b", "s1", None))
            Assert.True(beside.Holds(parts[0].Part));
    }

    [Fact]
    public async Task An_object_that_is_there_is_left_as_it_is_by_a_commit()
    {
        var parts = PartsOf(6, 1000);
        await using var staged = await Staging.OpenStagedAsync("st/taken", "s1", None);
        await staged.WriteAsync(parts[0].Part, parts[0].Content, None);
        await Store.PutAsync("st/taken", Bytes(10, 1), None);

        Assert.Equal(PutOutcome.AlreadyExists, await staged.CommitAsync([parts[0].Part], None));
        Assert.Equal(Bytes(10, 1), await Store.ReadAllAsync("st/taken", 10, None));
    }

    [Fact]
    public async Task Unfinished_parts_are_swept_and_objects_are_not()
    {
        var parts = PartsOf(7, 1000);
        await Store.PutAsync("sw/object", Bytes(10, 1), None);
        foreach (var name in new[] { "sw/a", "sw/b", "other/c" })
        {
            await using var staged = await Staging.OpenStagedAsync(name, "s1", None);
            await staged.WriteAsync(parts[0].Part, parts[0].Content, None);
        }

        Assert.True(await Store.SweepUnfinishedAsync("sw/", DateTimeOffset.MaxValue, None) >= 2);
        Assert.Equal(0, await Store.SweepUnfinishedAsync("sw/", DateTimeOffset.MaxValue, None));
        Assert.Equal(["sw/object"], await NamesAsync(""));
        Assert.True(await Store.SweepUnfinishedAsync("", DateTimeOffset.MaxValue, None) >= 1);
    }

    [Fact]
    public async Task Parts_that_leave_a_gap_or_are_missing_make_no_object()
    {
        var parts = PartsOf(8, 1000, 1000);
        await using var staged = await Staging.OpenStagedAsync("st/gap", "s1", None);
        await staged.WriteAsync(parts[0].Part, parts[0].Content, None);
        await Assert.ThrowsAsync<ArgumentException>(() => staged.CommitAsync([parts[1].Part], None));
        await Assert.ThrowsAsync<ArgumentException>(() => staged.CommitAsync([], None));
        var lost = await Assert.ThrowsAsync<SecondaryStoreException>(() => staged.CommitAsync([parts[0].Part, parts[1].Part], None));
        Assert.Equal(StoreCodes.StagedLost, lost.Code);
        Assert.Null(await Store.FindAsync("st/gap", None));
    }

    [Fact]
    public async Task A_long_stream_arrives_whole_and_of_two_at_once_one_wins()
    {
        var one = Bytes((17 << 20) + 3, 21);
        var two = Bytes((17 << 20) + 3, 22);
        var outcomes = await Task.WhenAll(
            Task.Run(() => Store.PutAsync("long", new MemoryStream(one), None)),
            Task.Run(() => Store.PutAsync("long", new MemoryStream(two), None)));

        Assert.Single(outcomes, PutOutcome.Created);
        Assert.Equal(outcomes[0] == PutOutcome.Created ? one : two, await Store.ReadAllAsync("long", 18 << 20, None));
        Assert.Equal(0, await Store.SweepUnfinishedAsync("", DateTimeOffset.MaxValue, None));
    }
}
