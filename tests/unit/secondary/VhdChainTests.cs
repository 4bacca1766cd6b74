using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Secondary.Vhd;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

/// <summary>Differencing VHDs, read through their parents: what libvhdi sees too, and nothing where a parent is not the one that the child was made of.</summary>
public sealed class VhdChainTests : IDisposable
{
    private static readonly Guid s_base = Disks.Id;
    private static readonly Guid s_middle = new("11111111-2222-3333-4444-555555555555");
    private static readonly Guid s_top = new("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee");
    private static readonly uint s_noon = (uint)(Disks.Noon - new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero)).TotalSeconds;

    private readonly TempFolder _folder = new();
    private readonly FolderStore _store;
    private readonly byte[] _disk = Disks.Sample();

    public VhdChainTests() => _store = Disks.Store(_folder);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 8)]
    public async Task A_chain_of_three_gives_the_newest_sector_of_each_and_others_see_the_same(bool onFixed, int unit)
    {
        await PutAsync("base.vhd", onFixed ? Disks.FixedVhdOf(_disk) : await Disks.VhdOf(_disk));
        var middle = Differences(s_middle, s_base, "base.vhd", _disk.Length, out var one, (0, 3 * unit), (5000, 40), (8200, unit));
        await PutAsync("middle.vhd", middle);
        var top = Differences(s_top, s_middle, "middle.vhd", _disk.Length, out var two, (unit, unit), (5016 - unit, 8992));
        await PutAsync("top.vhd", top);
        byte[] expected = [.. _disk];
        foreach (var (sector, bytes) in one.Concat(two))
            bytes.CopyTo(expected, (long)sector * 512);

        await using var chain = await VhdChain.OpenAsync(_store, "sr/top.vhd", Disks.None);
        Assert.Equal((3, (long)_disk.Length), (chain.Depth, chain.DiskBytes));
        Assert.Equal(expected, await Disks.ReadAll(chain));
        var random = new Random(7);
        for (var i = 0; i < 300; i++)
        {
            var at = random.Next(expected.Length);
            var some = new byte[random.Next(1, 3 << (i % 20))];
            var read = await chain.ReadAsync(at, some, Disks.None);
            Assert.True(expected.AsSpan(at, read).SequenceEqual(some.AsSpan(0, read)), $"{read} bytes at {at}");
            Assert.Equal(Math.Min(some.Length, expected.Length - at), read);
        }
        await foreach (var extent in chain.ExtentsAsync(Disks.None))
            Assert.True(chain.MayHoldData(extent.Offset, extent.Length));
        // 7-Zip finds the parents itself. libvhdi 20210425 takes the rest of a bitmap's byte for set after a run that ends within it: it agrees where runs end at 4 KiB (docs/formats/vhd.md).
        var truth = Convert.ToHexStringLower(SHA256.HashData(expected));
        Assert.Equal(truth, await ForeignVhdTools.ReadAsync("7z", _folder, _folder.Of("sr/top.vhd")));
        if (unit % 8 == 0)
            Assert.Equal(truth, await ForeignVhdTools.ReadAsync("libvhdi", _folder, _folder.Of("sr/top.vhd"), _folder.Of("sr/middle.vhd"), _folder.Of("sr/base.vhd")));
        // A copy must be self-contained: there such a file is refused as before.
        Assert.Equal("vhd.differencing", (await Assert.ThrowsAsync<VhdException>(() => VhdReader.OpenAsync(new MemorySource(top), Disks.None))).Code);
    }

    [Fact]
    public async Task A_child_that_has_grown_reads_zeros_beyond_its_parent()
    {
        await PutAsync("base.vhd", await Disks.VhdOf(_disk));
        await PutAsync("top.vhd", Differences(s_top, s_base, "base.vhd", _disk.Length + 4 * Disks.MiB, out var one, (_disk.Length / 512 + 10, 5)));
        var expected = new byte[_disk.Length + 4 * Disks.MiB];
        _disk.CopyTo(expected, 0);
        foreach (var (sector, bytes) in one)
            bytes.CopyTo(expected, (long)sector * 512);
        await using var chain = await VhdChain.OpenAsync(_store, "sr/top.vhd", Disks.None);
        Assert.Equal(expected, await Disks.ReadAll(chain));
    }

    [Theory]
    [InlineData("missing", "vhd.parent-missing")]
    [InlineData("uuid", "vhd.parent-uuid")]
    [InlineData("timestamp", "vhd.parent-timestamp")]
    [InlineData("size", "vhd.parent-size")]
    [InlineData("loop", "vhd.parent-loop")]
    [InlineData("unnamed", "vhd.parent-unnamed")]
    [InlineData("above", "vhd.parent-elsewhere")]
    [InlineData("absolute", "vhd.parent-elsewhere")]
    [InlineData("windows", "vhd.parent-elsewhere")]
    [InlineData("below", "vhd.parent-elsewhere")]
    [InlineData("damaged", "vhd.header-checksum")]
    [InlineData("locator", "vhd.truncated")]
    public async Task A_parent_that_is_not_the_one_the_child_was_made_of_is_refused(string what, string code)
    {
        var parent = await Disks.VhdOf(what == "size" ? new byte[_disk.Length + 512] : _disk);
        if (what == "damaged")
            parent[600] ^= 1;
        if (what != "missing")
            await PutAsync("base.vhd", parent);
        await _store.PutAsync("base.vhd", parent, Disks.None);
        await PutAsync("below/base.vhd", parent);
        var name = what switch { "above" => "../base.vhd", "absolute" => _folder.Of("sr/base.vhd"), "windows" => "C:\\sr\\base.vhd", "below" => "below/base.vhd", "loop" => "top.vhd", "unnamed" => "", _ => "base.vhd" };
        var id = what switch { "uuid" => s_middle, "loop" => s_top, _ => s_base };
        var top = Differences(s_top, id, name, _disk.Length, out _, (0, 1));
        if (what == "timestamp")
            Header(top, h => BinaryPrimitives.WriteUInt32BigEndian(h[56..], s_noon - 1));
        if (what == "locator")
            Header(top, h => BinaryPrimitives.WriteInt64BigEndian(h[(576 + 16)..], 1L << 40));
        await PutAsync("top.vhd", top);
        Assert.Equal(code, (await Assert.ThrowsAsync<VhdException>(() => VhdChain.OpenAsync(_store, "sr/top.vhd", Disks.None))).Code);
    }

    [Fact]
    public async Task A_chain_without_an_end_is_refused()
    {
        for (var i = 0; i < 40; i++)
            await PutAsync($"d{i}.vhd", Differences(new Guid(i + 1, 0, 0, new byte[8]), new Guid(i + 2, 0, 0, new byte[8]), $"d{i + 1}.vhd", _disk.Length, out _, (i, 1)));
        Assert.Equal("vhd.parent-depth", (await Assert.ThrowsAsync<VhdException>(() => VhdChain.OpenAsync(_store, "sr/d0.vhd", Disks.None))).Code);
    }

    private Task PutAsync(string name, byte[] bytes) => _store.PutAsync("sr/" + name, bytes, Disks.None);

    /// <summary>As libvhd lays it out: footer copy, header, locators, table, blocks of 2 MiB with a bitmap, footer.</summary>
    private static byte[] Differences(Guid id, Guid parent, string parentName, long diskBytes, out List<(int Sector, byte[] Bytes)> written, params (int First, int Count)[] runs)
    {
        written = [];
        var random = new Random(id.GetHashCode());
        foreach (var (first, count) in runs)
        {
            for (var sector = first; sector < first + count; sector++)
            {
                var bytes = new byte[512];
                random.NextBytes(bytes);
                written.Add((sector, bytes));
            }
        }
        var blocks = (int)((diskBytes + (2 << 20) - 1) >> 21);
        var mac = Encoding.UTF8.GetBytes(parentName.Length == 0 ? "" : "file://" + (parentName.Contains('/') || parentName.Contains('\\') ? parentName : "./" + parentName));
        var windows = Encoding.Unicode.GetBytes(parentName.Length == 0 || parentName.Contains('/') || parentName.Contains('\\') ? parentName : ".\\" + parentName);
        var file = new MemoryStream();
        var footer = new VhdFooter { Type = VhdType.Differencing, CurrentBytes = diskBytes, OriginalBytes = diskBytes, Geometry = VhdGeometry.ForSize(diskBytes), UniqueId = id, Timestamp = s_noon, CreatorApplication = "tap" }.Write();
        var header = new VhdHeader { TableEntries = (uint)blocks, TableOffset = 2560 }.Write();
        parent.TryWriteBytes(header.AsSpan(40), bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(56), s_noon);
        Encoding.BigEndianUnicode.GetBytes(parentName).CopyTo(header, 64);
        if (parentName.Length > 0)
        {
            foreach (var (at, code, data, offset) in new[] { (576, "MacX", mac, 1536L), (600, "W2ru", windows, 2048L) })
            {
                Encoding.ASCII.GetBytes(code).CopyTo(header, at);
                BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(at + 4), 512);
                BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(at + 8), (uint)data.Length);
                BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(at + 16), offset);
            }
        }
        file.Write(footer);
        file.Write(header);
        file.Write(mac);
        file.SetLength(2048);
        file.Position = 2048;
        file.Write(windows);
        var dataAt = (2560 + blocks * 4 + 511) / 512 * 512;
        file.SetLength(dataAt);
        var table = Enumerable.Repeat((byte)0xFF, dataAt - 2560).ToArray();
        foreach (var block in written.GroupBy(w => w.Sector / 4096).OrderByDescending(g => g.Key))
        {
            BinaryPrimitives.WriteUInt32BigEndian(table.AsSpan(block.Key * 4), (uint)(file.Length / 512));
            var bytes = new byte[512 + (2 << 20)];
            // What lies under a bit that is not set must not be seen.
            bytes.AsSpan(512).Fill(0xEE);
            foreach (var (sector, data) in block)
            {
                bytes[sector % 4096 / 8] |= (byte)(0x80 >> (sector % 8));
                data.CopyTo(bytes, 512 + sector % 4096 * 512);
            }
            file.Position = file.Length;
            file.Write(bytes);
        }
        file.Position = 2560;
        file.Write(table);
        file.Position = file.Length;
        file.Write(footer);
        var all = file.ToArray();
        Header(all, _ => { });
        return all;
    }

    private delegate void Change(Span<byte> header);

    private static void Header(byte[] vhd, Change change)
    {
        var header = vhd.AsSpan(512, 1024);
        change(header);
        header.Slice(36, 4).Clear();
        uint sum = 0;
        foreach (var one in header)
            sum += one;
        BinaryPrimitives.WriteUInt32BigEndian(header[36..], ~sum);
    }
}
