using System.Buffers.Binary;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Vhd;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

public sealed class VhdRoundTripTests
{
    private static CancellationToken None => Disks.None;

    [Fact]
    public async Task A_dynamic_vhd_gives_the_disk_back_and_leaves_zero_blocks_out()
    {
        var disk = Disks.Sample();
        var vhd = await Disks.VhdOf(disk);
        var reader = await VhdReader.OpenAsync(new MemorySource(vhd), None);

        Assert.Equal(disk.Length, reader.DiskBytes);
        Assert.Equal(3, reader.AllocatedBlocks);
        Assert.Equal(disk, await Disks.ReadAll(reader));
        Assert.Equal(1536 + 512 + 3 * (512 + 2 * Disks.MiB) + 512, vhd.Length);
        Assert.True((await VhdCheck.RunAsync(new MemorySource(vhd), Disks.Noon, None)).Findings.Count == 0);
        Assert.True(reader.MayHoldData(0, 1));
        Assert.False(reader.MayHoldData(2 * Disks.MiB, 2 * Disks.MiB));
        Assert.True(reader.MayHoldData(2 * Disks.MiB, 2 * Disks.MiB + 1));
        Assert.False(reader.MayHoldData(disk.Length, 5));
    }

    [Fact]
    public async Task Both_ways_of_writing_give_the_same_bytes_every_time()
    {
        var disk = Disks.Sample();
        var target = new MemoryStream();
        var receipt = await VhdWriter.WriteAsync(Blocks(disk), target, Disks.Options(disk.Length), None);

        Assert.Equal(await Disks.VhdOf(disk), target.ToArray());
        Assert.Equal(target.Length, receipt.DataBytes);
        Assert.Equal(3, receipt.AllocatedBlocks);
    }

    [Fact]
    public async Task Reads_at_odd_offsets_agree_with_the_disk()
    {
        var disk = Disks.Sample();
        var reader = await VhdReader.OpenAsync(new MemorySource(await Disks.VhdOf(disk)), None);
        var random = new Random(5);
        for (var i = 0; i < 300; i++)
        {
            var offset = random.Next(disk.Length);
            var buffer = new byte[random.Next(1, 3 * Disks.MiB)];
            var read = await reader.ReadAsync(offset, buffer, None);
            Assert.Equal(Math.Min(buffer.Length, disk.Length - offset), read);
            Assert.True(disk.AsSpan(offset, read).SequenceEqual(buffer.AsSpan(0, read)));
        }
        Assert.Equal(0, await reader.ReadAsync(disk.Length, new byte[1], None));
    }

    [Fact]
    public async Task A_fixed_vhd_gives_the_disk_back()
    {
        var disk = Disks.Sample();
        var reader = await VhdReader.OpenAsync(new MemorySource(Disks.FixedVhdOf(disk)), None);
        Assert.Equal(disk, await Disks.ReadAll(reader));
        Assert.Equal(disk.Length, reader.AllocatedBytes);
    }

    [Fact]
    public async Task A_sector_whose_bit_is_zero_reads_as_zeros_and_is_no_extent()
    {
        var disk = Disks.Sparse(2 * Disks.MiB, (0, 2 * Disks.MiB));
        var vhd = await Disks.VhdOf(disk);
        var bitmapAt = 1536 + 512;
        vhd[bitmapAt] = 0b1011_1111;      // sector 1 absent
        vhd[bitmapAt + 511] = 0;          // the last eight absent
        disk.AsSpan(512, 512).Clear();
        disk.AsSpan(disk.Length - 4096).Clear();
        var reader = await VhdReader.OpenAsync(new MemorySource(vhd), None);

        Assert.Equal(disk, await Disks.ReadAll(reader));
        var extents = new List<DiskExtent>();
        await foreach (var extent in reader.ExtentsAsync(None))
            extents.Add(extent);
        Assert.Equal([new DiskExtent(0, 512), new DiskExtent(1024, disk.Length - 4096 - 1024)], extents);
    }

    [Fact]
    public async Task Extents_of_neighbouring_blocks_are_joined()
    {
        var disk = Disks.Sparse(7 * Disks.MiB, (0, 4 * Disks.MiB), (6 * Disks.MiB, 512));
        var reader = await VhdReader.OpenAsync(new MemorySource(await Disks.VhdOf(disk)), None);
        var extents = new List<DiskExtent>();
        await foreach (var extent in reader.ExtentsAsync(None))
            extents.Add(extent);
        Assert.Equal([new DiskExtent(0, 4 * Disks.MiB), new DiskExtent(6 * Disks.MiB, Disks.MiB)], extents);
    }

    [Fact]
    public async Task A_damaged_last_footer_is_replaced_by_its_copy_and_two_damaged_ones_are_refused()
    {
        var disk = Disks.Sample();
        var vhd = await Disks.VhdOf(disk);
        vhd[^100] ^= 1;
        Assert.Equal(disk, await Disks.ReadAll(await VhdReader.OpenAsync(new MemorySource(vhd), None)));
        vhd[100] ^= 1;
        Assert.Equal("vhd.footer-checksum", (await Assert.ThrowsAsync<VhdException>(() => VhdReader.OpenAsync(new MemorySource(vhd), None))).Code);
    }

    [Fact]
    public async Task A_differencing_vhd_is_recognised_and_refused()
    {
        var vhd = new VhdFooter { Type = VhdType.Differencing, CurrentBytes = Disks.MiB, UniqueId = Disks.Id }.Write();
        var refused = await Assert.ThrowsAsync<VhdException>(() => VhdReader.OpenAsync(new MemorySource(vhd), None));
        Assert.Equal("vhd.differencing", refused.Code);
        Assert.Contains("VDI.copy", refused.Remedy);
    }

    [Fact]
    public async Task A_vhd_that_ends_anywhere_early_is_never_read_as_whole()
    {
        var disk = Disks.Sample();
        var vhd = await Disks.VhdOf(disk);
        foreach (var length in new[] { 0, 1, 511, 512, 1535, 1536, 2000, 2048, 3000, vhd.Length / 2, vhd.Length - 513, vhd.Length - 512, vhd.Length - 2 })
        {
            var cut = new MemorySource(vhd.AsMemory(0, length));
            Assert.False((await VhdCheck.RunAsync(cut, Disks.Noon, None)).Sound);
            if (length < vhd.Length - 512)
            {
                await Assert.ThrowsAsync<VhdException>(async () => await Disks.ReadAll(await VhdReader.OpenAsync(cut, None)));
            }
        }
    }

    [Theory]
    [InlineData(104857600, 1003, 12, 17)]
    [InlineData(1073741824, 2080, 16, 63)]
    [InlineData(512, 0, 4, 17)]
    [InlineData(2190433320960, 65535, 16, 255)]
    public void Geometry_is_as_other_tools_compute_it(long bytes, int cylinders, int heads, int sectors) =>
        Assert.Equal(new VhdGeometry((ushort)cylinders, (byte)heads, (byte)sectors), VhdGeometry.ForSize(bytes));

    [Fact]
    public async Task Blocks_that_do_not_fit_the_disk_are_refused()
    {
        foreach (var bad in new[] { new VhdBlock(-1, new byte[2 * Disks.MiB]), new VhdBlock(9, new byte[2 * Disks.MiB]), new VhdBlock(0, new byte[5]) })
        {
            var refused = await Assert.ThrowsAsync<VhdException>(() => VhdWriter.WriteAsync(Of(bad), new MemoryStream(), Disks.Options(4 * Disks.MiB), None));
            Assert.Equal("vhd.block", refused.Code);
        }
        var block = new VhdBlock(0, Disks.Pattern(2 * Disks.MiB));
        await Assert.ThrowsAsync<VhdException>(() => VhdWriter.WriteAsync(Of(block, block), new MemoryStream(), Disks.Options(4 * Disks.MiB), None));
        await Assert.ThrowsAsync<VhdException>(() => VhdWriter.WriteAsync(Of(), new MemoryStream(), Disks.Options(1000), None));
        await Assert.ThrowsAsync<VhdException>(() => VhdWriter.WriteAsync(Of(), new MemoryStream(), Disks.Options(VhdFormat.MaxDiskBytes + 512), None));
    }

    [Fact]
    public async Task The_largest_disk_is_written_and_read()
    {
        var target = new MemoryStream();
        var last = (int)(VhdFormat.MaxDiskBytes / VhdFormat.DefaultBlockBytes) - 1;
        var data = Disks.Pattern(2 * Disks.MiB);
        await VhdWriter.WriteAsync(Of(new VhdBlock(last, data)), target, Disks.Options(VhdFormat.MaxDiskBytes), None);
        var reader = await VhdReader.OpenAsync(new MemorySource(target.ToArray()), None);
        var read = new byte[data.Length];
        Assert.Equal(data.Length, await reader.ReadAsync((long)last * data.Length, read, None));
        Assert.Equal(data, read);
        Assert.True((await VhdCheck.RunAsync(new MemorySource(target.ToArray()), Disks.Noon, None)).Sound);
    }

    [Fact]
    public async Task A_header_that_asks_for_too_much_is_refused_before_memory_is_spent()
    {
        var vhd = await Disks.VhdOf(Disks.Sample());
        BinaryPrimitives.WriteUInt32BigEndian(vhd.AsSpan(512 + 32), 3_000_000);
        Planted.FixHeader(vhd);
        Assert.Equal("vhd.block-size", (await Assert.ThrowsAsync<VhdException>(() => VhdReader.OpenAsync(new MemorySource(vhd), None))).Code);
    }

    private static async IAsyncEnumerable<VhdBlock> Of(params VhdBlock[] blocks)
    {
        await Task.CompletedTask;
        foreach (var block in blocks)
            yield return block;
    }

    private static async IAsyncEnumerable<VhdBlock> Blocks(byte[] disk)
    {
        await Task.CompletedTask;
        for (var i = 0; i * 2 * Disks.MiB < disk.Length; i++)
            yield return new VhdBlock(i, disk.AsMemory(i * 2 * Disks.MiB, Math.Min(2 * Disks.MiB, disk.Length - i * 2 * Disks.MiB)));
    }
}
