using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Vhd;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

/// <summary>Exports, as they come over a connection.</summary>
public sealed class VhdStreamTests
{
    private static Task<DiskDigest> Root(byte[] disk) =>
        DiskHasher.ComputeAsync(new MemoryStream(disk), disk.Length, DiskHashOptions.Default with { Sha256 = true }, null, Disks.None);

    private static Task<DiskDigest> RootOfExport(byte[] vhd, int stepBytes = int.MaxValue, bool sha256 = false) =>
        DiskHasher.ComputeFromVhdStreamAsync(new TrickleStream(vhd, stepBytes), DiskHashOptions.Default with { Sha256 = sha256 }, null, Disks.None);

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1000)]
    public async Task An_export_gives_the_disks_root_and_plain_hash(int stepBytes)
    {
        var disk = Disks.Sample();
        var (raw, export) = (await Root(disk), await RootOfExport(await Disks.VhdOf(disk), stepBytes, sha256: true));
        Assert.Equal(raw.Root, export.Root);
        Assert.Equal(raw.Sha256, export.Sha256);
        Assert.Equal(raw.NonZeroBytes, export.NonZeroBytes);
    }

    [Fact]
    public async Task The_streams_length_is_known_from_its_table()
    {
        var vhd = await Disks.VhdOf(Disks.Sample());
        var reader = await VhdStreamReader.OpenAsync(new TrickleStream(vhd[..2048], int.MaxValue), Disks.None);
        Assert.Equal(vhd.Length, reader.TotalBytes);
        Assert.Equal(3, reader.AllocatedBlocks);
        var empty = await Disks.VhdOf(new byte[5 * Disks.MiB]);
        Assert.Equal(empty.Length, (await VhdStreamReader.OpenAsync(new TrickleStream(empty, int.MaxValue), Disks.None)).TotalBytes);
        Assert.Equal((await Root(new byte[5 * Disks.MiB])).Root, (await RootOfExport(empty)).Root);
    }

    [Fact]
    public async Task A_stream_cut_anywhere_is_an_error()
    {
        var vhd = await Disks.VhdOf(Disks.Sample());
        var block = 2 * Disks.MiB;
        foreach (var cut in new[] { 0, 1, 511, 512, 1535, 1536, 1556, 2047, 2048, 2560, 2048 + block - 1, 2048 + block, 2048 + block + 1, vhd.Length - 513, vhd.Length - 512, vhd.Length - 1 })
        {
            var refused = await Assert.ThrowsAsync<VhdException>(() => RootOfExport(vhd[..cut]));
            Assert.Equal("vhd.truncated", refused.Code);
        }
    }

    [Fact]
    public async Task A_stream_that_goes_on_or_ends_with_another_footer_is_an_error()
    {
        var vhd = await Disks.VhdOf(Disks.Sample());
        Assert.Equal("vhd.trailing", (await Assert.ThrowsAsync<VhdException>(() => RootOfExport([.. vhd, 0]))).Code);
        vhd[^40] ^= 1;
        Assert.Equal("vhd.footers-differ", (await Assert.ThrowsAsync<VhdException>(() => RootOfExport(vhd))).Code);
    }

    [Fact]
    public async Task Blocks_out_of_order_give_the_same_root_but_no_plain_hash()
    {
        var disk = Disks.Sample();
        var vhd = await Disks.VhdOf(disk);
        var (a, b) = (Planted.TableEntry(vhd, 0), Planted.TableEntry(vhd, 2));
        var stride = 512 + 2 * Disks.MiB;
        var swapped = (byte[])vhd.Clone();
        vhd.AsSpan((int)a * 512, stride).CopyTo(swapped.AsSpan((int)b * 512));
        vhd.AsSpan((int)b * 512, stride).CopyTo(swapped.AsSpan((int)a * 512));
        Planted.Table(swapped, 0, b);
        Planted.Table(swapped, 2, a);

        Assert.Equal((await Root(disk)).Root, (await RootOfExport(swapped)).Root);
        Assert.Equal("disk.out-of-order", (await Assert.ThrowsAsync<DiskContentException>(() => RootOfExport(swapped, sha256: true))).Code);
    }

    [Fact]
    public async Task Bytes_after_the_disks_end_in_the_last_block_do_not_count()
    {
        var disk = Disks.Sample();
        var vhd = await Disks.VhdOf(disk);
        vhd[^600] = 77;
        Assert.Equal((await Root(disk)).Root, (await RootOfExport(vhd)).Root);
        var reader = await VhdReader.OpenAsync(new MemorySource(vhd), Disks.None);
        Assert.Equal((await Root(disk)).Root, (await DiskHasher.ComputeAsync(reader, DiskHashOptions.Default, null, Disks.None)).Root);
    }

    [Fact]
    public async Task A_fixed_vhd_and_overlapping_blocks_cannot_be_streamed()
    {
        var vhd = await Disks.VhdOf(Disks.Sample());
        Planted.Table(vhd, 2, Planted.TableEntry(vhd, 0) + 5);
        Assert.Equal("vhd.overlap", (await Assert.ThrowsAsync<VhdException>(() => RootOfExport(vhd))).Code);
        Assert.Equal("vhd.no-footer", (await Assert.ThrowsAsync<VhdException>(() => RootOfExport(Disks.FixedVhdOf(Disks.Sample())))).Code);
    }

    /// <summary>Gives a few bytes at a time and cannot seek.</summary>
    private sealed class TrickleStream(byte[] bytes, int stepBytes) : MemoryStream(bytes, writable: false)
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, stepBytes)], cancellationToken);
    }
}
