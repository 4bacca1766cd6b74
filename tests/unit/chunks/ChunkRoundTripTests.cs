using System.Security.Cryptography;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Pipeline;
using SnapshotWorkflows.Tests.Secondary;
using SnapshotWorkflows.Tests.Unit.Secondary;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

public sealed class ChunkRoundTripTests
{
    public static TheoryData<bool, bool, int> Ways => new MatrixTheoryData<bool, bool, int>([false, true], [false, true], [0, 512, 70_000]);

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Snapshots_come_back_bit_by_bit_whole_in_part_and_as_a_file(bool encrypted, bool inline, int rest)
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, inline ? Inline : Several, encrypted ? Keys() : null);
        var first = Disk(100, 1, rest);
        var second = Changed(first, 2, 9);

        var one = await repository.BackUpAsync("s1", first);
        var two = await repository.BackUpAsync("s2", second);

        Assert.Equal("first", one.FullReason);
        Assert.Null(two.FullReason);
        Assert.Equal("s1", two.Previous);
        Assert.True(two.NewLeaves <= 9, $"{two.NewLeaves} leaves");
        foreach (var (snapshot, disk) in new[] { (one, first), (two, second) })
        {
            Assert.Equal(await RootAsync(disk), snapshot.Root);
            Assert.Equal(disk, await repository.ReadAsync(snapshot.Snapshot));
            using var folder = new TempFolder();
            var path = Path.Combine(folder.Path, "disk.img");
            var receipt = await repository.RestoreToFileAsync(snapshot.Snapshot, path, readBack: true, null, None);
            Assert.Equal(disk, await File.ReadAllBytesAsync(path));
            Assert.Equal(snapshot.Root, receipt.Root.Hex);
            Assert.Equal(snapshot.DataBytes, receipt.WrittenBytes);
        }
        await using var part = await repository.OpenDiskAsync("s2", None);
        foreach (var (offset, length) in new[] { (1, 5), (Leaf - 3, 70_000), (second.Length - 700, 700), (40 * Leaf + 7, 3 * 1024 * 1024), (3, 9) })
        {
            var bytes = new byte[Math.Min(length, second.Length - offset)];
            Assert.Equal(bytes.Length, await part.ReadAsync(offset, bytes, None));
            Assert.Equal(second[offset..(offset + bytes.Length)], bytes);
        }
        var report = await repository.VerifyAsync(new ChunkVerifyRequest(), null, None);
        Assert.True(report.Sound, string.Join('\n', report.Findings));
        Assert.Equal(2, report.Snapshots);
        // Every object in one call, where a store has one: from memory, and under no name that a rival shares while it grows.
        Assert.Empty(store.Streamed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(65_537)]
    [InlineData(262_144 * 3 - 65_536)]
    [InlineData(262_144 * 8 + 65_537)]
    public async Task Leaves_of_256_KiB_give_the_same_root(int length)
    {
        var disk = new byte[length];
        new Random(3).NextBytes(disk);
        var repository = await OpenAsync(new MemoryStore());
        var snapshot = await repository.WriteAsync(Request("s1") with { LeafBytes = ChunkOptions.LeafBytesLarge }, new MemorySource(disk), null, None);
        Assert.Equal(await RootAsync(disk), snapshot.Root);
        Assert.Equal(disk, await repository.ReadAsync("s1"));
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound);
    }

    [Fact]
    public async Task Equal_leaves_are_stored_once_within_a_disk_across_snapshots_and_across_disks()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store);
        var disk = Disk(60, 4);
        var distinct = disk.Chunk(Leaf).Where(l => l.Any(b => b != 0)).Select(SHA256.HashData).DistinctBy(Convert.ToHexString).Count();

        var one = await repository.BackUpAsync("s1", disk);
        var moved = await repository.BackUpAsync("s2", [.. disk.AsSpan(10 * Leaf), .. disk.AsSpan(0, 10 * Leaf)]);
        var other = await repository.BackUpAsync("s3", disk, "disk-b");

        Assert.Equal(distinct, one.NewLeaves);
        Assert.Equal(0, moved.NewLeaves);
        Assert.Equal(0, other.NewLeaves);
        Assert.Equal(disk, await repository.ReadAsync("s3"));
    }

    [Fact]
    public async Task Nothing_changed_sends_next_to_nothing()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store);
        var disk = Disk(60, 4);
        await repository.BackUpAsync("s1", disk);
        var again = await repository.BackUpAsync("s2", disk);
        Assert.Equal((0, 0), (again.SentBytes, again.NewLeaves));
        Assert.Equal(disk, await repository.ReadAsync("s2"));
    }

    [Fact]
    public async Task A_map_of_changes_spares_the_reading()
    {
        var repository = await OpenAsync(new MemoryStore());
        var disk = Disk(64, 4);
        await repository.BackUpAsync("s1", disk);
        byte[] changed = [.. disk];
        new Random(9).NextBytes(changed.AsSpan(33 * Leaf, Leaf));
        changed.AsSpan(7 * Leaf, Leaf).Clear();
        var bits = new byte[8];
        bits[33 / 8] |= 0x80 >> (33 % 8);
        bits[7 / 8] |= 0x80 >> (7 % 8);

        var two = await repository.WriteAsync(Request("s2") with { Previous = "s1", Changed = new ChangedExtents("s1", bits) }, new MemorySource(changed), null, None);
        Assert.Equal(2 * Leaf, two.ReadBytes);
        Assert.Equal(await RootAsync(changed), two.Root);
        Assert.Equal(changed, await repository.ReadAsync("s2"));

        // A map relative to a snapshot that is not the baseline says nothing.
        var three = await repository.WriteAsync(Request("s3") with { Changed = new ChangedExtents("s1", new byte[8]) }, new MemorySource(disk), null, None);
        Assert.Equal(disk.Length, three.ReadBytes);
        Assert.Equal(disk, await repository.ReadAsync("s3"));
    }

    [Fact]
    public async Task Streams_raw_and_vhd_give_the_same_snapshot()
    {
        var repository = await OpenAsync(new MemoryStore());
        var disk = Disks.Sample();
        var vhd = await Disks.VhdOf(disk);
        var raw = await repository.WriteRawStreamAsync(Request("s1"), new MemoryStream(disk), disk.Length, null, None);
        var two = await repository.WriteVhdStreamAsync(Request("s2"), new MemoryStream(vhd), null, None);
        Assert.Equal(await RootAsync(disk), raw.Root);
        Assert.Equal((raw.Root, 0), (two.Root, two.NewLeaves));
        Assert.Equal(disk, await repository.ReadAsync("s2"));
        var emptied = await repository.WriteVhdStreamAsync(Request("s3"), new MemoryStream(await Disks.VhdOf(new byte[disk.Length])), null, None);
        Assert.Equal(await RootAsync(new byte[disk.Length]), emptied.Root);
        Assert.Equal(new byte[disk.Length], await repository.ReadAsync("s3"));
        var cut = await Assert.ThrowsAsync<DiskContentException>(() => repository.WriteRawStreamAsync(Request("s4"), new MemoryStream(disk, 0, disk.Length / 2), disk.Length, null, None));
        Assert.Equal("disk.short", cut.Code);
        Assert.Null(await repository.FindAsync("s4", None));
    }

    [Fact]
    public async Task A_disk_may_grow_and_shrink()
    {
        var repository = await OpenAsync(new MemoryStore());
        var disk = Disk(60, 4, 777);
        await repository.BackUpAsync("s1", disk);
        byte[] grown = [.. disk, .. Disk(20, 5)];
        var two = await repository.BackUpAsync("s2", grown);
        Assert.Equal(grown, await repository.ReadAsync("s2"));
        var shrunk = disk.AsSpan(0, 30 * Leaf + 5).ToArray();
        var three = await repository.BackUpAsync("s3", shrunk);
        Assert.Equal(shrunk, await repository.ReadAsync("s3"));
        Assert.InRange(two.NewLeaves, 1, 22);
        Assert.InRange(three.NewLeaves, 0, 1);
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound);
    }

    [Fact]
    public async Task Many_snapshots_keep_few_layers()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline with { IndexRecordsMax = 32 });
        var disk = Disk(150, 1);
        await repository.BackUpAsync("s000", disk);
        var disks = new Dictionary<int, byte[]>();
        for (var i = 1; i <= 40; i++)
        {
            disk = Changed(disk, i, 2);
            if (i is 1 or 17 or 30 or >= 39)
                disks.Add(i, disk);
            var snapshot = await repository.BackUpAsync($"s{i:D3}", disk);
            Assert.InRange(snapshot.Layers.Count, 1, 8);
        }
        foreach (var (i, expected) in disks)
            Assert.Equal(expected, await repository.ReadAsync($"s{i:D3}"));
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound);
    }

    // Runs of more records than an index object holds: of disks where more than 16 GiB change between two backups.
    [Fact]
    public async Task Large_runs_are_merged_too_and_what_they_superseded_can_go()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline with { IndexRecordsMax = 4 });
        var disk = Disk(100, 1);
        await repository.BackUpAsync("s000", disk);
        for (var i = 1; i <= 16; i++)
        {
            disk = Changed(disk, i, 12);
            var snapshot = await repository.BackUpAsync($"s{i:D3}", disk);
            Assert.InRange(snapshot.Layers.Count, 1, 6);
        }
        Assert.Equal(disk, await repository.ReadAsync("s016"));
        for (var i = 0; i < 16; i++)
            await repository.DeleteAsync($"s{i:D3}", None);
        await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 0 }, None);
        Assert.Equal(disk, await repository.ReadAsync("s016"));
        var report = await repository.VerifyAsync(new ChunkVerifyRequest(), null, None);
        Assert.True(report.Sound);
        Assert.Equal(report.Packs, store.Names("swf/chunks/packs/").Count());
        // Every pack that is kept has a leaf of this one snapshot.
        await (await OpenAsync(store, Inline)).WriteAsync(Request("last") with { Full = true }, new MemorySource(disk), null, None);
        var needed = await repository.VerifyAsync(new ChunkVerifyRequest { Snapshots = ["last"] }, null, None);
        Assert.InRange(report.Packs, needed.Packs, needed.Packs * 3);
    }

    [Fact]
    public async Task Brotli_stands_in_for_zstd_and_both_are_read()
    {
        var store = new MemoryStore();
        var disk = Disk(40, 4);
        var other = Changed(disk, 2, 8);
        await (await OpenAsync(store, Several with { Zstd = false })).BackUpAsync("s1", disk);
        var repository = await OpenAsync(store);
        await repository.BackUpAsync("s2", other);
        Assert.Equal(disk, await repository.ReadAsync("s1"));
        Assert.Equal(other, await repository.ReadAsync("s2"));
        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound);
    }

    [Fact]
    public async Task Progress_tells_bytes_rate_and_time_left_and_ends_at_the_end()
    {
        var repository = await OpenAsync(new MemoryStore());
        var reports = new List<TransferProgress>();
        var disk = Disk(100, 1);
        await repository.WriteAsync(Request("s1"), new MemorySource(disk), new Sink(reports), None);
        Assert.Equal(disk.Length, reports[^1].DoneBytes);
        Assert.Equal(disk.Length, reports[^1].TotalBytes);
        Assert.True(reports[^1].SentBytes > 0);
    }

    private sealed class Sink(List<TransferProgress> reports) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => reports.Add(value);
    }
}
