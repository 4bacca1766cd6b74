using System.Buffers.Binary;
using System.Security.Cryptography;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Vhd;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

/// <summary>Other people's readers must see the same disk in the VHDs that we write, and say "damaged" of none that our checker passes. Where ours says it of more than theirs, docs/formats/vhd.md says so, by this table.</summary>
public sealed class ForeignVhdTests(ITestOutputHelper output) : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly byte[] _disk = Disks.Sample();

    public void Dispose() => _folder.Dispose();

    private string Truth => Convert.ToHexStringLower(SHA256.HashData(_disk));

    [Theory]
    [InlineData("writer")]
    [InlineData("copy")]
    [InlineData("fixed")]
    public async Task Every_reader_sees_the_disk_that_was_written(string kind)
    {
        var bytes = kind switch
        {
            "writer" => await Disks.VhdOf(_disk),
            "fixed" => Disks.FixedVhdOf(_disk),
            _ => await CopiedAsync(),
        };
        var vhd = _folder.Of("disk.vhd");
        await File.WriteAllBytesAsync(vhd, bytes);
        Assert.True((await VhdCheck.RunAsync(new MemorySource(bytes), Disks.Noon, Disks.None)).Sound);
        foreach (var tool in ForeignVhdTools.All)
            Assert.Equal((tool, Truth), (tool, await ForeignVhdTools.ReadAsync(tool, _folder, vhd)));
    }

    // r: refuses. w: gives other bytes than were written, and says nothing. =: gives the disk (the damage lies where it does not look, or it takes the copy).
    [Theory]
    [InlineData("cookie", "=rr")]
    [InlineData("footer checksum", "==r")]
    [InlineData("both footers", "rrr")]
    [InlineData("copy of the footer", "r=r")]
    [InlineData("header cookie", "rrr")]
    [InlineData("header checksum", "==r")]
    [InlineData("table beyond the end", "rrr")]
    [InlineData("block beyond the end", "rrr")]
    [InlineData("block in the table", "wwr")]
    [InlineData("two blocks in one place", "www")]
    [InlineData("cut in the data", "rrr")]
    [InlineData("no last footer", "=rr")]
    public async Task What_another_reader_refuses_or_misreads_our_check_finds(string damage, string others)
    {
        var bytes = Damaged(await Disks.VhdOf(_disk), damage);
        var vhd = _folder.Of("disk.vhd");
        await File.WriteAllBytesAsync(vhd, bytes);
        var found = await VhdCheck.RunAsync(new MemorySource(bytes), Disks.Noon, Disks.None);
        Assert.False(found.Sound, damage);
        var ours = await OursAsync(bytes);
        var said = "";
        foreach (var tool in ForeignVhdTools.All)
        {
            var read = await ForeignVhdTools.ReadAsync(tool, _folder, vhd);
            said += read == ForeignVhdTools.Refused ? 'r' : read == Truth ? '=' : 'w';
        }
        // Neither do we give other bytes in silence where one of them refuses, but for blocks that lie over each other: those the check finds, and the disk's root.
        Assert.True(ours != 'w' || found.Findings.Any(f => f.Rule is VhdRule.BlockOverlap or VhdRule.BlockUnique), damage);
        output.WriteLine($"{damage}: reader {ours}, others {said}, {string.Join(' ', found.Findings.Select(f => f.Rule).Distinct())}");
        Assert.Equal(others, said);
    }

    private async Task<char> OursAsync(byte[] bytes)
    {
        try
        {
            return (await Disks.ReadAll(await VhdReader.OpenAsync(new MemorySource(bytes), Disks.None))).AsSpan().SequenceEqual(_disk) ? '=' : 'w';
        }
        catch (VhdException)
        {
            return 'r';
        }
    }

    private async Task<byte[]> CopiedAsync()
    {
        var store = Disks.Store(_folder);
        var request = new VhdCopyRequest { Location = "a/b.vhd", Session = "s1", UniqueId = Disks.Id, Timestamp = Disks.Noon };
        await VhdCopy.FromDiskAsync(store, request, new RawDisk(new MemorySource(_disk)), null, Disks.None);
        return await store.ReadAllAsync("a/b.vhd", 64 << 20, Disks.None);
    }

    private static byte[] Damaged(byte[] vhd, string damage)
    {
        var last = vhd.AsSpan(vhd.Length - 512);
        var header = vhd.AsSpan(512, 1024);
        var table = vhd.AsSpan(1536);
        switch (damage)
        {
            case "cookie":
                last[0] ^= 1;
                break;
            case "footer checksum":
                last[66] ^= 1;
                break;
            case "both footers":
                last[0] ^= 1;
                vhd[0] ^= 1;
                break;
            case "copy of the footer":
                vhd[100] ^= 1;
                break;
            case "header cookie":
                header[3] ^= 1;
                break;
            case "header checksum":
                header[37] ^= 1;
                break;
            case "table beyond the end":
                BinaryPrimitives.WriteInt64BigEndian(header[16..], 1L << 30);
                Sum(header);
                break;
            case "block beyond the end":
                BinaryPrimitives.WriteUInt32BigEndian(table[8..], 1 << 20);
                break;
            case "block in the table":
                BinaryPrimitives.WriteUInt32BigEndian(table[8..], 3);
                break;
            case "two blocks in one place":
                table[..4].CopyTo(table[8..]);
                break;
            case "cut in the data":
                return vhd[..(vhd.Length / 2)];
            default:
                return vhd[..^512];
        }
        return vhd;
    }

    private static void Sum(Span<byte> header)
    {
        header.Slice(36, 4).Clear();
        uint sum = 0;
        foreach (var one in header)
            sum += one;
        BinaryPrimitives.WriteUInt32BigEndian(header[36..], ~sum);
    }
}
