using System.Buffers.Binary;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Vhd;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

/// <summary>Every rule, each with the fault that breaks it and nothing else.</summary>
public sealed class VhdCheckTests
{
    private const uint Gone = 0xFFFF_FFFF;

    public static TheoryData<VhdRule, string> Faults()
    {
        var all = new TheoryData<VhdRule, string>();
        foreach (var (name, fault) in s_faults)
            all.Add(fault.Rule, name);
        return all;
    }

    private static readonly Dictionary<string, (VhdRule Rule, Func<byte[], byte[]> Plant)> s_faults = new(StringComparer.Ordinal)
    {
        ["a byte more at the end"] = (VhdRule.FooterCookie, vhd => [.. vhd, 0]),
        ["last sector missing"] = (VhdRule.FooterCookie, vhd => vhd[..^512]),
        ["half a footer"] = (VhdRule.FooterCookie, vhd => vhd[..^256]),
        ["a hundred bytes in all"] = (VhdRule.Length, vhd => vhd[..100]),
        ["footer moved off a sector"] = (VhdRule.Length, vhd => [.. vhd[..^512], 0, 0, 0, .. vhd[^512..]]),
        ["footer bit flipped"] = (VhdRule.FooterChecksum, vhd => { vhd[^1] ^= 1; vhd[511] ^= 1; return vhd; }),
        ["copy differs"] = (VhdRule.FootersEqual, vhd => { vhd[30] ^= 1; return vhd; }),
        ["footer version"] = (VhdRule.FooterVersion, vhd => { Planted.Footer32(vhd, 12, 0x0002_0000); return vhd; }),
        ["features"] = (VhdRule.FooterFeatures, vhd => { Planted.Footer32(vhd, 8, 0); return vhd; }),
        ["footer reserved"] = (VhdRule.FooterReserved, vhd => { vhd[^20] = 9; Planted.FixFooters(vhd); return vhd; }),
        ["header beyond the file"] = (VhdRule.FooterDataOffset, vhd => { Planted.Footer64(vhd, 16, (ulong)vhd.Length); return vhd; }),
        ["header in the footer copy"] = (VhdRule.FooterDataOffset, vhd => { Planted.Footer64(vhd, 16, 0); return vhd; }),
        ["made tomorrow"] = (VhdRule.Timestamp, vhd => { Planted.Footer32(vhd, 24, (uint)(Disks.Noon.AddSeconds(1801) - VhdFormat.Epoch).TotalSeconds); return vhd; }),
        ["unknown type"] = (VhdRule.DiskType, vhd => { Planted.Footer32(vhd, 60, 7); return vhd; }),
        ["no size"] = (VhdRule.DiskSize, vhd => { Planted.Footer64(vhd, 48, 0); return vhd; }),
        ["odd size"] = (VhdRule.DiskSize, vhd => { Planted.Footer64(vhd, 48, 1000); return vhd; }),
        ["size beyond the format"] = (VhdRule.DiskSize, vhd => { Planted.Footer64(vhd, 48, (ulong)VhdFormat.MaxDiskBytes + 512); return vhd; }),
        ["geometry too large"] = (VhdRule.Geometry, vhd => { Planted.Footer32(vhd, 56, 0xFFFF_10FF); return vhd; }),
        ["no uuid"] = (VhdRule.UniqueId, vhd => { vhd.AsSpan(vhd.Length - 512 + 68, 16).Clear(); Planted.FixFooters(vhd); return vhd; }),
        ["header cookie"] = (VhdRule.HeaderCookie, vhd => { vhd[512] = (byte)'X'; Planted.FixHeader(vhd); return vhd; }),
        ["header bit flipped"] = (VhdRule.HeaderChecksum, vhd => { vhd[512 + 700] ^= 1; return vhd; }),
        ["header version"] = (VhdRule.HeaderVersion, vhd => { Planted.Header32(vhd, 24, 0x0001_0001); return vhd; }),
        ["header data offset"] = (VhdRule.HeaderDataOffset, vhd => { Planted.Header64(vhd, 8, 0); return vhd; }),
        ["header reserved"] = (VhdRule.HeaderReserved, vhd => { Planted.Header32(vhd, 800, 1); return vhd; }),
        ["odd block size"] = (VhdRule.BlockSize, vhd => { Planted.Header32(vhd, 32, 3 << 20); return vhd; }),
        ["table in the header"] = (VhdRule.TableOffset, vhd => { Planted.Header64(vhd, 16, 1024); return vhd; }),
        ["table off a sector"] = (VhdRule.TableOffset, vhd => { Planted.Header64(vhd, 16, 1537); return vhd; }),
        ["table beyond the file"] = (VhdRule.TableOffset, vhd => { Planted.Header64(vhd, 16, 1UL << 40); return vhd; }),
        ["table too short"] = (VhdRule.TableSize, vhd => { Planted.Header32(vhd, 28, 4); return vhd; }),
        ["table reaches the footer"] = (VhdRule.TableSize, vhd => { Planted.Header32(vhd, 28, 100_000_000); return vhd; }),
        ["block beyond the file"] = (VhdRule.BlockInsideFile, vhd => { Planted.Table(vhd, 0, 0x0FFF_FFFF); return vhd; }),
        ["block reaches the footer"] = (VhdRule.BlockInsideFile, vhd => { Planted.Table(vhd, 4, Planted.TableEntry(vhd, 4) + 1); return vhd; }),
        ["block twice"] = (VhdRule.BlockUnique, vhd => { Planted.Table(vhd, 1, Planted.TableEntry(vhd, 0)); return vhd; }),
        ["blocks overlap"] = (VhdRule.BlockOverlap, vhd => { Planted.Table(vhd, 2, Planted.TableEntry(vhd, 2) - 1); return vhd; }),
        ["block in the header"] = (VhdRule.BlockOverlap, vhd => { Planted.Table(vhd, 0, 1); return vhd; }),
        ["block in the table"] = (VhdRule.BlockOverlap, vhd => { Planted.Table(vhd, 0, 3); return vhd; }),
        ["differencing"] = (VhdRule.Parent, vhd => { Planted.Footer32(vhd, 60, 4); return vhd; }),
        ["batmap outside"] = (VhdRule.TableSize, vhd => { Batmap(vhd, 1L << 40); return vhd; }),
        ["block in the batmap"] = (VhdRule.BlockOverlap, vhd => { Batmap(vhd, Planted.TableEntry(vhd, 2) * 512L); return vhd; }),
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_planted_fault_is_found(VhdRule rule, string fault)
    {
        var vhd = s_faults[fault].Plant(await Disks.VhdOf(Disks.Sample()));
        var result = await VhdCheck.RunAsync(new MemorySource(vhd), Disks.Noon, Disks.None);

        Assert.False(result.Sound);
        Assert.Contains(result.Findings, f => f.Rule == rule && f.Severity == VhdSeverity.Error);
        Assert.All(result.Findings, f => Assert.InRange(f.Offset, 0, 1L << 42));
    }

    [Fact]
    public void Every_rule_has_a_planted_fault() =>
        Assert.Empty(Enum.GetValues<VhdRule>().Except(s_faults.Values.Select(f => f.Rule)));

    [Fact]
    public async Task Most_faults_show_as_one_finding_only()
    {
        foreach (var (name, fault) in s_faults.Where(f => f.Key is "geometry too large" or "no uuid" or "made tomorrow" or "block twice" or "blocks overlap" or "table too short"))
        {
            var result = await VhdCheck.RunAsync(new MemorySource(fault.Plant(await Disks.VhdOf(Disks.Sample()))), Disks.Noon, Disks.None);
            Assert.True(result.Findings.Count == 1, name + ": " + string.Join(" ", result.Findings));
        }
    }

    [Fact]
    public async Task Gaps_between_blocks_are_allowed()
    {
        // libvhd puts a block's data on 4 KiB and so leaves seven sectors between blocks.
        var vhd = await Disks.VhdOf(Disks.Sample());
        var second = (int)Planted.TableEntry(vhd, 2) * 512;
        var gapped = (byte[])[.. vhd[..second], .. new byte[7 * 512], .. vhd[second..]];
        Planted.Table(gapped, 2, Planted.TableEntry(vhd, 2) + 7);
        Planted.Table(gapped, 4, Planted.TableEntry(vhd, 4) + 7);

        var result = await VhdCheck.RunAsync(new MemorySource(gapped), Disks.Noon, Disks.None);
        Assert.Empty(result.Findings);
        Assert.Equal(3, result.AllocatedBlocks);
        Assert.Equal(Disks.Sample(), await Disks.ReadAll(await VhdReader.OpenAsync(new MemorySource(gapped), Disks.None)));
    }

    [Fact]
    public async Task A_footer_of_511_bytes_is_tolerated_with_a_warning()
    {
        var vhd = (await Disks.VhdOf(Disks.Sample()))[..^1];
        var result = await VhdCheck.RunAsync(new MemorySource(vhd), Disks.Noon, Disks.None);
        Assert.True(result.Sound);
        Assert.Equal(VhdRule.Length, Assert.Single(result.Findings).Rule);
    }

    [Fact]
    public async Task A_fixed_vhd_must_be_exactly_as_long_as_its_disk()
    {
        var disk = Disks.Pattern(Disks.MiB);
        var vhd = Disks.FixedVhdOf(disk);
        Assert.Empty((await VhdCheck.RunAsync(new MemorySource(vhd), Disks.Noon, Disks.None)).Findings);
        var shorter = await VhdCheck.RunAsync(new MemorySource(vhd.AsMemory(512)), Disks.Noon, Disks.None);
        Assert.Equal(VhdRule.Length, Assert.Single(shorter.Findings).Rule);
        Planted.Footer64(vhd, 16, 512);
        Assert.Contains((await VhdCheck.RunAsync(new MemorySource(vhd), Disks.Noon, Disks.None)).Findings, f => f.Rule == VhdRule.FooterDataOffset);
    }

    [Fact]
    public async Task An_entry_past_the_disks_end_is_a_warning()
    {
        var vhd = await Disks.VhdOf(Disks.Sample());
        Planted.Header32(vhd, 28, 100);
        Planted.Table(vhd, 50, Planted.TableEntry(vhd, 2));
        Planted.Table(vhd, 2, Gone);
        var result = await VhdCheck.RunAsync(new MemorySource(vhd), Disks.Noon, Disks.None);
        Assert.True(result.Sound);
        Assert.Single(result.Findings);
    }

    [Fact]
    public async Task A_flood_of_findings_is_cut_off_and_says_so()
    {
        var vhd = await Disks.VhdOf(Disks.Sparse(1000 * Disks.MiB, (0, 512)));
        for (var i = 0; i < 500; i++)
            Planted.Table(vhd, i, 0x0F00_0000);
        var result = await VhdCheck.RunAsync(new MemorySource(vhd), Disks.Noon, Disks.None);
        Assert.True(result.Truncated);
        Assert.False(result.Sound);
        Assert.Equal(200, result.Findings.Count);
    }

    // The sector after the table of this VHD is the first block's bitmap: the header of a batmap there also makes block 0 overlap it.
    private static void Batmap(byte[] vhd, long offset)
    {
        Planted.Table(vhd, 0, Gone);
        "tdbatmap"u8.CopyTo(vhd.AsSpan(2048));
        BinaryPrimitives.WriteInt64BigEndian(vhd.AsSpan(2048 + 8), offset);
        BinaryPrimitives.WriteUInt32BigEndian(vhd.AsSpan(2048 + 16), 1);
    }
}
