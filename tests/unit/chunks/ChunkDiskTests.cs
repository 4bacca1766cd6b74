using SnapshotWorkflows.Secondary;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>A snapshot read to and fro, and again after a failure: never zeros for what was written.</summary>
public sealed class ChunkDiskTests
{
    private const int Group = 2 << 20;

    private static byte[] Sparse()
    {
        var disk = new byte[3 * Group];
        Disk(16, 1).CopyTo(disk, 0);
        return disk;
    }

    [Fact]
    public async Task What_was_read_before_a_hole_is_read_again_behind_it()
    {
        var disk = Sparse();
        var repository = await OpenAsync(new MemoryStore(), Inline);
        await repository.BackUpAsync("s1", disk);
        await using var opened = await repository.OpenDiskAsync("s1", None);
        foreach (var group in new[] { 0, 1, 0, 2, 0 })
        {
            var bytes = new byte[Group];
            Assert.Equal(Group, await opened.ReadAsync((long)group * Group, bytes, None));
            Assert.True(bytes.AsSpan().SequenceEqual(disk.AsSpan(group * Group, Group)), $"group {group}");
        }
    }

    [Theory]
    [InlineData("/indexes/")]
    [InlineData("/packs/")]
    public async Task A_read_that_failed_gives_the_bytes_when_it_is_repeated(string part)
    {
        var store = new MemoryStore();
        var disk = Sparse();
        var repository = await OpenAsync(store, Inline);
        await repository.BackUpAsync("s1", disk);
        await using var opened = await repository.OpenDiskAsync("s1", None);
        var bytes = new byte[Group];
        store.Before = call => call.Kind == "open" && call.Name.Contains(part, StringComparison.Ordinal)
            ? throw new SecondaryStoreException(StoreCodes.Unavailable, "The server does not answer.", "Wait.") : Task.CompletedTask;
        for (var i = 0; i < 2; i++)
            Assert.Equal(StoreCodes.Unavailable, (await Assert.ThrowsAsync<SecondaryStoreException>(async () => await opened.ReadAsync(0, bytes, None))).Code);
        store.Before = null;
        Assert.Equal(Group, await opened.ReadAsync(0, bytes, None));
        Assert.True(bytes.AsSpan().SequenceEqual(disk.AsSpan(0, Group)));
    }
}
