using SnapshotWorkflows.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

/// <summary>What every store must do. A class that derives from it says how to make an empty one.</summary>
public abstract partial class SecondaryStoreContract
{
    protected static readonly CancellationToken None = CancellationToken.None;

    protected abstract ISecondaryStore Store { get; }

    protected static byte[] Bytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    protected async Task<List<string>> NamesAsync(string prefix)
    {
        var names = new List<string>();
        await foreach (var found in Store.ListAsync(prefix, None))
            names.Add(found.Name);
        return names;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData((3 << 20) + 17)]
    public async Task What_is_put_is_what_is_read(int length)
    {
        var content = Bytes(length, length);
        Assert.Equal(PutOutcome.Created, await Store.PutAsync("a/b/stream", new MemoryStream(content), None));
        Assert.Equal(PutOutcome.Created, await Store.PutAsync("a/b/bytes", content, None));

        Assert.Equal(content, await Store.ReadAllAsync("a/b/stream", length, None));
        Assert.Equal(content, await Store.ReadAllAsync("a/b/bytes", length, None));
        await using var reader = await Store.OpenAsync("a/b/stream", ReadPurpose.Verification, None);
        var again = new byte[length];
        await reader.ReadExactlyAsync(0, again, None);
        Assert.Equal(content, again);
    }

    [Fact]
    public async Task An_object_is_never_overwritten_and_its_rival_stream_is_not_read()
    {
        var first = Bytes(1000, 1);
        await Store.PutAsync("x", first, None);

        Assert.Equal(PutOutcome.AlreadyExists, await Store.PutAsync("x", Bytes(1000, 2), None));
        Assert.Equal(PutOutcome.AlreadyExists, await Store.PutAsync("x", new UnreadableStream(), None));
        Assert.Equal(first, await Store.ReadAllAsync("x", 1000, None));
    }

    [Fact]
    public async Task Of_many_concurrent_writers_exactly_one_creates()
    {
        for (var round = 0; round < 20; round++)
        {
            var name = $"race/{round}/object";
            var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var writers = Enumerable.Range(0, 16).Select(async i =>
            {
                await go.Task;
                await Task.Yield();
                return (Writer: i, Outcome: await Store.PutAsync(name, new MemoryStream(Bytes(5000, i)), None));
            }).ToArray();
            go.SetResult();
            var outcomes = await Task.WhenAll(writers);

            var winner = Assert.Single(outcomes, o => o.Outcome == PutOutcome.Created);
            Assert.Equal(Bytes(5000, winner.Writer), await Store.ReadAllAsync(name, 5000, None));
        }
    }

    [Fact]
    public async Task Head_tells_length_and_a_tag_that_a_new_object_does_not_share()
    {
        Assert.Null(await Store.FindAsync("none/such", None));
        await Store.PutAsync("h", Bytes(10, 1), None);
        var first = await Store.FindAsync("h", None);
        Assert.Equal(10, first!.Length);
        Assert.Equal(first, await Store.FindAsync("h", None));

        await Store.DeleteAsync("h", None);
        await Store.PutAsync("h", Bytes(11, 2), None);
        Assert.NotEqual(first.Tag, (await Store.FindAsync("h", None))!.Tag);
    }

    [Fact]
    public async Task Ranges_are_read_exactly_and_end_where_the_object_ends()
    {
        var content = Bytes(10_000, 3);
        await Store.PutAsync("r", content, None);
        await using var reader = await Store.OpenAsync("r", ReadPurpose.Ordinary, None);
        var buffer = new byte[100];

        Assert.Equal(10_000, reader.Length);
        Assert.Equal(100, await reader.ReadAsync(4321, buffer, None));
        Assert.Equal(content[4321..4421], buffer);
        Assert.Equal(1, await reader.ReadAsync(9_999, buffer, None));
        Assert.Equal(0, await reader.ReadAsync(10_000, buffer, None));
        Assert.Equal(0, await reader.ReadAsync(99_999, buffer, None));

        await using var range = await Store.OpenReadAsync("r", 9_000, 500, None);
        var copy = new MemoryStream();
        await range.CopyToAsync(copy);
        Assert.Equal(content[9_000..9_500], copy.ToArray());
        Assert.Equal(5, await Store.ReadAsync("r", 0, new byte[5], None));
    }

    /// <summary>Whole pages into aligned memory, which a store may read past the page cache, and everything else: in the middle, over the end, beyond it.</summary>
    [Theory]
    [InlineData(ReadPurpose.Ordinary)]
    [InlineData(ReadPurpose.Verification)]
    [InlineData(ReadPurpose.Once)]
    public async Task Whatever_it_is_read_for_the_bytes_are_the_same(ReadPurpose purpose)
    {
        var content = Bytes(300_001, 4);
        await Store.PutAsync("p", content, None);
        await using var reader = await Store.OpenAsync("p", purpose, None);
        using var aligned = new AlignedBuffer(256 * 1024, mustAlign: true);
        foreach (var (offset, length) in new[] { (0, 262_144), (4_096, 131_072), (4_097, 131_072), (245_760, 131_072), (299_008, 69_632), (303_104, 65_536), (8_192, 65_536), (5, 7) })
        {
            var expected = content.AsSpan(Math.Min(offset, content.Length), Math.Clamp(content.Length - offset, 0, length)).ToArray();
            Assert.Equal(expected.Length, await reader.ReadAsync(offset, aligned.Memory[..length], None));
            Assert.Equal(expected, aligned.Span[..expected.Length].ToArray());
        }
    }

    [Fact]
    public async Task Reading_past_what_is_there_is_an_error_where_all_of_it_was_wanted()
    {
        await Store.PutAsync("s", Bytes(10, 1), None);
        await using var reader = await Store.OpenAsync("s", ReadPurpose.Ordinary, None);
        Assert.Equal("disk.short", (await Assert.ThrowsAsync<DiskContentException>(async () => await reader.ReadExactlyAsync(5, new byte[6], None))).Code);
        Assert.Equal(StoreCodes.Io, (await Assert.ThrowsAsync<SecondaryStoreException>(() => Store.ReadAllAsync("s", 9, None))).Code);
    }

    [Fact]
    public async Task A_missing_object_cannot_be_opened()
    {
        var refused = await Assert.ThrowsAsync<SecondaryStoreException>(() => Store.OpenAsync("not/there", ReadPurpose.Ordinary, None));
        Assert.Equal(StoreCodes.Missing, refused.Code);
        Assert.NotEmpty(refused.Remedy);
    }

    [Fact]
    public async Task Thousands_are_listed_all_of_them_in_ordinal_order()
    {
        var names = new List<string>();
        for (var i = 0; i < 3000; i++)
            names.Add($"swf/z{i % 3}/v{i % 50}/s{i:x}.json");
        names.AddRange(["swf/z0.b", "swf/z0-b", "swf/z0_b", "swf/Z0"]);
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (name, token) => await Store.PutAsync(name, new byte[] { 1 }, token));

        names.Sort(StringComparer.Ordinal);
        Assert.Equal(names, await NamesAsync(""));
        Assert.Equal(names.Where(n => n.StartsWith("swf/z1/v1", StringComparison.Ordinal)), await NamesAsync("swf/z1/v1"));
        Assert.Equal(names.Where(n => n.StartsWith("swf/z1/v1/", StringComparison.Ordinal)), await NamesAsync("swf/z1/v1/"));
        Assert.Empty(await NamesAsync("swf/z9"));
        Assert.Empty(await NamesAsync("nothing/at/all/"));
    }

    [Fact]
    public async Task Delete_is_for_good_and_gone_is_success()
    {
        await Store.PutAsync("d/e", Bytes(5, 1), None);
        await Store.DeleteAsync("d/e", None);
        await Store.DeleteAsync("d/e", None);
        await Store.DeleteAsync("never/was", None);

        Assert.Null(await Store.FindAsync("d/e", None));
        Assert.Empty(await NamesAsync(""));
        Assert.Equal(PutOutcome.Created, await Store.PutAsync("d/e", Bytes(5, 2), None));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/abs")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("./a")]
    [InlineData(".hidden")]
    [InlineData("dot.")]
    [InlineData("a b")]
    [InlineData("a\\b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("ä")]
    [InlineData("a%2e%2e")]
    [InlineData("x.partial")]
    [InlineData("x.PARTIAL/y")]
    public async Task Odd_names_are_refused_everywhere(string name)
    {
        var calls = new Func<Task>[]
        {
            () => Store.PutAsync(name, new byte[1], None),
            () => Store.PutAsync(name, new MemoryStream(), None),
            () => Store.FindAsync(name, None),
            () => Store.OpenAsync(name, ReadPurpose.Ordinary, None),
            () => Store.DeleteAsync(name, None),
        };
        foreach (var call in calls)
        {
            var refused = await Assert.ThrowsAsync<SecondaryStoreException>(call);
            Assert.Equal(StoreCodes.BadName, refused.Code);
            Assert.DoesNotContain('\n', refused.Message);
        }
    }

    [Fact]
    public async Task Names_have_a_greatest_length()
    {
        var longest = string.Join('/', Enumerable.Repeat(new string('n', StoreName.LongestSegment - 1), 5));
        Assert.Equal(PutOutcome.Created, await Store.PutAsync(longest, new byte[1], None));
        Assert.Equal(PutOutcome.Created, await Store.PutAsync(new string('n', StoreName.LongestSegment), new byte[1], None));
        await Assert.ThrowsAsync<SecondaryStoreException>(() => Store.PutAsync(new string('n', StoreName.LongestSegment + 1), new byte[1], None));
        await Assert.ThrowsAsync<SecondaryStoreException>(() => Store.PutAsync(longest + "/nn", new byte[1], None));
    }

    [Theory]
    [InlineData("../")]
    [InlineData("a/../b")]
    [InlineData("/")]
    [InlineData(".x")]
    [InlineData("a b")]
    public async Task Odd_prefixes_are_refused(string prefix)
    {
        Assert.Equal(StoreCodes.BadName, (await Assert.ThrowsAsync<SecondaryStoreException>(() => NamesAsync(prefix))).Code);
        Assert.Equal(StoreCodes.BadName, (await Assert.ThrowsAsync<SecondaryStoreException>(() => Store.SweepUnfinishedAsync(prefix, DateTimeOffset.MaxValue, None))).Code);
    }

    [Fact]
    public async Task A_source_that_breaks_off_leaves_no_object()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => Store.PutAsync("broken", new BreakingStream(3 << 20), None));
        Assert.Null(await Store.FindAsync("broken", None));
        Assert.Empty(await NamesAsync(""));
        Assert.Equal(PutOutcome.Created, await Store.PutAsync("broken", Bytes(3, 1), None));
    }

    [Fact]
    public async Task A_store_that_is_well_says_so()
    {
        var check = await Store.CheckAsync(None);
        Assert.Null(check.Fault);
        Assert.True(check.Ready && check.Writable);
        if (check.TotalBytes > 0)
            Assert.InRange(check.FreeBytes, 1, check.TotalBytes);
        Assert.Empty(await NamesAsync(""));
    }

    [Fact]
    public async Task A_cancelled_call_does_nothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync("c", new byte[1], cancelled.Token));
        Assert.Null(await Store.FindAsync("c", None));
    }
}
