using System.Security.Cryptography;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.DiskRoots;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

public sealed class DiskRootTests
{
    private static Task<DiskDigest> Hash(byte[] disk, DiskHashOptions? options = null) =>
        DiskHasher.ComputeAsync(new MemoryStream(disk), disk.Length, options ?? DiskHashOptions.Default, null, Disks.None);

    /// <summary>Test vectors of docs/formats/disk-root.md, computed by other code.</summary>
    [Theory]
    [InlineData(512, false, "742f3bbcce8bd98b058e53835dcc8e2fcf648fecc4df9c00db6fef422f5f989d")]
    [InlineData(65536, false, "04f06539f935acf4d7b42b239d4144c5eed26935dd0709275ba0640fb190a615")]
    [InlineData(65536 + 512, true, "d1108cf1d5f687a3575f5529d6dcc873d93a8dc942e41b6c752d04a2a0b5d239")]
    [InlineData(5 * 1048576 + 512, true, "84347190fba9a9fdb3e148ea48470b4a874483053518fe8452af671f0414bd4f")]
    public async Task Roots_are_those_of_the_definition(int length, bool pattern, string root)
    {
        var disk = pattern ? Disks.Pattern(length) : new byte[length];
        Assert.Equal(root, (await Hash(disk)).Root.Hex);
    }

    /// <summary>Of many disks that are hashed at once each has buffers of its own.</summary>
    [Theory]
    [InlineData(2, 64 << 20, 8)]
    [InlineData(2, 8 << 20, 4)]
    [InlineData(64, 64 << 20, 32)]
    public async Task The_reader_goes_ahead_by_what_the_workers_need_and_no_further(int workers, int most, int buffers)
    {
        var pool = new HashPipeline(1L << 30, new DiskHashOptions { Workers = workers, BufferBytesMax = most }, null).Buffers;
        var first = await pool.RentAsync(Disks.None);
        for (var i = 1; i < buffers; i++) await pool.RentAsync(Disks.None);
        var next = pool.RentAsync(Disks.None).AsTask();
        Assert.False(next.IsCompleted);
        pool.Return(first);
        Assert.Same(first, await next);
    }

    [Fact]
    public async Task A_mostly_empty_disk_has_the_root_of_the_definition_on_every_path()
    {
        const string root = "e5dcfbcf55715f262feac577c26830b918d5195a95fec44ec2546b3607e6b8fb";
        var disk = new byte[100 * Disks.MiB];
        Disks.Pattern(1000).CopyTo(disk, 70 * Disks.MiB);
        var digest = await Hash(disk, new DiskHashOptions { Workers = 3, BufferBytesMax = 4 << 20, Sha256 = true });

        Assert.Equal(root, digest.Root.Hex);
        Assert.Equal(65_536, digest.NonZeroBytes);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(disk)), digest.Sha256);
        Assert.Equal(root, (await Hash(disk, new DiskHashOptions { Workers = 1, BufferBytesMax = 0 })).Root.Hex);
        var builder = new DiskRootBuilder(disk.Length);
        builder.Add(70 * 16, SHA256.HashData(disk.AsSpan(70 * Disks.MiB, 65_536)));
        Assert.Equal(root, builder.Root().Hex);
    }

    [Fact]
    public void Leaves_in_any_order_from_many_threads_give_the_same_root()
    {
        var leaves = Enumerable.Range(0, 3001).Select(i => SHA256.HashData(BitConverter.GetBytes(i))).ToArray();
        const long bytes = 3000L * 65_536 + 512;
        var inOrder = new DiskRootBuilder(bytes);
        for (var i = 0; i < leaves.Length; i++)
            inOrder.Add(i, leaves[i]);

        var shuffled = Enumerable.Range(0, leaves.Length).ToArray();
        new Random(7).Shuffle(shuffled);
        var parallel = new DiskRootBuilder(bytes);
        Parallel.ForEach(shuffled, i => parallel.Add(i, leaves[i]));
        Assert.Equal(inOrder.Root(), parallel.Root());

        var byGroup = new DiskRootBuilder(bytes);
        for (var group = 0; group * 32 < leaves.Length; group++)
            byGroup.AddGroup(group, leaves.Skip(group * 32).Take(32).SelectMany(l => l).ToArray());
        Assert.Equal(inOrder.Root(), byGroup.Root());
    }

    [Fact]
    public void A_leaf_given_twice_or_outside_the_disk_is_refused()
    {
        var hash = SHA256.HashData([1]);
        var builder = new DiskRootBuilder(65_536 * 40);
        builder.Add(3, hash);
        Assert.Throws<InvalidOperationException>(() => builder.Add(3, hash));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Add(40, hash));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Add(-1, hash));
        builder.AddGroup(1, DiskRoot.Repeat(hash, 8));
        Assert.Throws<InvalidOperationException>(() => builder.AddGroup(1, DiskRoot.Repeat(hash, 8)));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.AddGroup(0, hash));
    }

    [Fact]
    public void Two_tebibytes_cost_little_memory_whether_empty_or_full_of_scattered_groups()
    {
        const long bytes = 2040L << 30;
        // All that was ever allocated, by this thread alone: what the process holds is other tests' too.
        var before = GC.GetAllocatedBytesForCurrentThread();
        var builder = new DiskRootBuilder(bytes);
        var empty = new DiskRootBuilder(bytes).Root();
        var group = DiskRoot.Repeat(SHA256.HashData([1]), 32);
        for (long i = 0; i < DiskRoot.GroupCount(bytes); i += 64)
            builder.AddGroup(i, group);
        Assert.NotEqual(empty, builder.Root());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 192L << 20);
    }

    [Fact]
    public void Too_many_incomplete_groups_are_refused()
    {
        var builder = new DiskRootBuilder((DiskRootBuilder.OpenGroupsMax + 1L) * DiskRoot.GroupBytes);
        var hash = SHA256.HashData([1]);
        for (long i = 0; i < DiskRootBuilder.OpenGroupsMax; i++)
            builder.Add(i * 32, hash);
        Assert.Throws<InvalidOperationException>(() => builder.Add(DiskRootBuilder.OpenGroupsMax * 32L, hash));
    }

    [Fact]
    public async Task The_length_is_part_of_the_root()
    {
        Assert.NotEqual((await Hash(new byte[512])).Root, (await Hash(new byte[1024])).Root);
        var padded = Disks.Pattern(65_536);
        padded.AsSpan(1000).Clear();
        Assert.NotEqual((await Hash(padded)).Root, (await Hash(padded[..1024])).Root);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(3)]
    public async Task A_stream_of_another_length_is_refused(int mebibytes)
    {
        var disk = Disks.Pattern(mebibytes * Disks.MiB);
        var longer = await Assert.ThrowsAsync<DiskContentException>(() => DiskHasher.ComputeAsync(new MemoryStream(disk), disk.Length - 512, DiskHashOptions.Default, null, Disks.None));
        Assert.Equal("disk.long", longer.Code);
        var shorter = await Assert.ThrowsAsync<DiskContentException>(() => DiskHasher.ComputeAsync(new MemoryStream(disk), disk.Length + 512, DiskHashOptions.Default, null, Disks.None));
        Assert.Equal("disk.short", shorter.Code);
        Assert.Equal(disk.Length, shorter.Extent!.Value.Offset);
    }

    [Fact]
    public async Task The_first_difference_is_named()
    {
        var disk = Disks.Sparse(40 * Disks.MiB + 512, (0, Disks.MiB), (33 * Disks.MiB, Disks.MiB));
        var digest = await Hash(disk);
        Assert.Null(digest.FirstDifference(await Hash(disk)));
        var changed = (byte[])disk.Clone();
        changed[20 * Disks.MiB] = 1;
        changed[33 * Disks.MiB] ^= 1;
        Assert.Equal(new DiskExtent(20 * Disks.MiB, 2 * Disks.MiB), digest.FirstDifference(await Hash(changed)));
        var atTheEnd = (byte[])disk.Clone();
        atTheEnd[^1] = 1;
        Assert.Equal(new DiskExtent(40 * Disks.MiB, 512), digest.FirstDifference(await Hash(atTheEnd)));
        Assert.Equal(new DiskExtent(40 * Disks.MiB, 512), digest.FirstDifference(await Hash(disk[..(40 * Disks.MiB)])));
    }

    [Fact]
    public async Task A_small_disk_is_hashed_before_the_call_returns_and_progress_ends_at_its_size()
    {
        var reports = new List<DiskProgress>();
        var hashing = DiskHasher.ComputeAsync(new MemoryStream(Disks.Sample()), Disks.Sample().Length, DiskHashOptions.Default, new Collect(reports), Disks.None);
        Assert.True(hashing.IsCompletedSuccessfully);
        await hashing;
        Assert.Equal(new DiskProgress(Disks.Sample().Length, Disks.Sample().Length), reports[^1]);
        Assert.Equal(reports.OrderBy(r => r.DoneBytes), reports);
    }

    [Fact]
    public async Task Cancelling_stops_the_pass()
    {
        using var stop = new CancellationTokenSource();
        var disk = new byte[64 * Disks.MiB];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DiskHasher.ComputeAsync(
            new MemoryStream(disk), disk.Length, new DiskHashOptions { Workers = 2 }, new Call(() => stop.Cancel()), stop.Token));
    }

    private sealed class Collect(List<DiskProgress> into) : IProgress<DiskProgress>
    {
        public void Report(DiskProgress value) => into.Add(value);
    }

    private sealed class Call(Action action) : IProgress<DiskProgress>
    {
        public void Report(DiskProgress value) => action();
    }
}
