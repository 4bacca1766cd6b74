using System.Buffers.Binary;
using System.Security.Cryptography;
using SnapshotWorkflows.Lab;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>The prover must read what the format allows and refuse what it does not: a prover that nods everything through proves nothing.</summary>
public sealed class ProverTests : IDisposable
{
    private const int Block = 2 << 20;
    private const int HeaderAt = 512;
    private const int TableAt = 1536;

    private readonly string _folder = Directory.CreateTempSubdirectory("lab-prover-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Vhd => Path.Combine(_folder, "disk.vhd");

    private string Restored => Path.Combine(_folder, "disk.img");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Absent_blocks_and_sectors_are_zeros_and_gaps_between_blocks_are_allowed()
    {
        var (vhd, disk) = Sample();
        await File.WriteAllBytesAsync(Vhd, vhd, Cancellation);

        var hash = await Proof.RestoreAsync(Vhd, Restored, Cancellation);

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(disk)), hash);
        Assert.Equal(disk, await File.ReadAllBytesAsync(Restored, Cancellation));
    }

    [Theory]
    [InlineData("a byte of the last footer", 10, true)]
    [InlineData("a byte of the first footer", 50, false)]
    [InlineData("a byte of the header", HeaderAt + 33, false)]
    [InlineData("a table entry behind the end", TableAt, false)]
    [InlineData("a table entry into another block", TableAt + 8 + 3, false)]
    public async Task Damage_is_refused(string what, int at, bool fromFooter)
    {
        var (vhd, _) = Sample();
        vhd[fromFooter ? vhd.Length - 512 + at : at] ^= 0x11;
        await File.WriteAllBytesAsync(Vhd, vhd, Cancellation);

        var error = await Record.ExceptionAsync(() => Proof.RestoreAsync(Vhd, Restored, Cancellation));

        Assert.True(error is LabException, $"the prover accepted {what}");
    }

    [Fact]
    public async Task A_file_cut_short_is_refused()
    {
        var (vhd, _) = Sample();
        await File.WriteAllBytesAsync(Vhd, vhd.AsMemory(0, vhd.Length - 512), Cancellation);

        await Assert.ThrowsAsync<LabException>(() => Proof.RestoreAsync(Vhd, Restored, Cancellation));
    }

    /// <summary>Three blocks: one with every second sector, one absent, one whole and short, since the disk ends in it.</summary>
    private static (byte[] Vhd, byte[] Disk) Sample()
    {
        const int Size = 2 * Block + 3 * 512;
        const int FirstAt = 4096 - 512;
        const int LastAt = FirstAt + 512 + Block + 7 * 512;
        var content = new byte[2 * Block];
        new Random(3).NextBytes(content);
        var disk = new byte[Size];
        for (var sector = 0; sector < Block / 512; sector += 2) content.AsSpan(sector * 512, 512).CopyTo(disk.AsSpan(sector * 512));
        content.AsSpan(Block, 3 * 512).CopyTo(disk.AsSpan(2 * Block));

        var vhd = new byte[LastAt + 512 + Block + 512];
        var footer = Footer(Size);
        footer.CopyTo(vhd, 0);
        Header().CopyTo(vhd, HeaderAt);
        foreach (var (i, entry) in new[] { FirstAt / 512, -1, LastAt / 512 }.Index()) BinaryPrimitives.WriteInt32BigEndian(vhd.AsSpan(TableAt + i * 4), entry);
        vhd.AsSpan(FirstAt, 512).Fill(0xAA);
        content.AsSpan(0, Block).CopyTo(vhd.AsSpan(FirstAt + 512));
        vhd.AsSpan(LastAt, 512).Fill(0xFF);
        content.AsSpan(Block).CopyTo(vhd.AsSpan(LastAt + 512));
        footer.CopyTo(vhd, vhd.Length - 512);
        return (vhd, disk);
    }

    private static byte[] Footer(long size)
    {
        var footer = new byte[512];
        "conectix"u8.CopyTo(footer);
        footer[11] = 2;
        footer[13] = 1;
        BinaryPrimitives.WriteInt64BigEndian(footer.AsSpan(16), HeaderAt);
        BinaryPrimitives.WriteInt64BigEndian(footer.AsSpan(40), size);
        BinaryPrimitives.WriteInt64BigEndian(footer.AsSpan(48), size);
        BinaryPrimitives.WriteInt32BigEndian(footer.AsSpan(60), 3);
        footer[70] = 9;
        return Summed(footer, 64);
    }

    private static byte[] Header()
    {
        var header = new byte[1024];
        "cxsparse"u8.CopyTo(header);
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(8), -1);
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(16), TableAt);
        header[25] = 1;
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(28), 3);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(32), Block);
        return Summed(header, 36);
    }

    private static byte[] Summed(byte[] bytes, int at)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at), ~(uint)bytes.Sum(value => value));
        return bytes;
    }
}
