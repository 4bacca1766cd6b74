using System.Buffers.Binary;
using System.Text;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

/// <summary>Reads disks as LUN-LAYOUT.md describes them, sharing no code with what writes them.</summary>
internal static class LayoutReader
{
    public static IReadOnlyDictionary<string, (long Offset, long Length)> Disks(IBlockDevice lun) => Metadata(lun).Disks;

    public static (string Group, string PvUuid, IReadOnlyDictionary<string, (long Offset, long Length)> Disks) Metadata(IBlockDevice lun)
    {
        var label = Bytes(lun, 512, 512);
        Assert.Equal("LABELONE", Encoding.ASCII.GetString(label, 0, 8));
        Assert.Equal(Crc(label.AsSpan(20)), BinaryPrimitives.ReadUInt32LittleEndian(label.AsSpan(16)));
        var pv = Encoding.ASCII.GetString(label, 32, 36);
        byte[]? newest = null;
        foreach (var at in new[] { 4096L, 266240L })
        {
            var slot = Bytes(lun, at, 262144);
            if (Encoding.ASCII.GetString(slot, 0, 8) != "XSVGMETA")
                continue;
            var end = 512 + (256 * BinaryPrimitives.ReadInt32LittleEndian(slot.AsSpan(24)));
            if (Crc(slot.AsSpan(16, end - 16)) == BinaryPrimitives.ReadUInt32LittleEndian(slot.AsSpan(12))
                && Encoding.ASCII.GetString(slot, 152, 36) == pv
                && (newest is null || BinaryPrimitives.ReadInt64LittleEndian(slot.AsSpan(16)) > BinaryPrimitives.ReadInt64LittleEndian(newest.AsSpan(16))))
                newest = slot;
        }

        Assert.NotNull(newest);
        var disks = new Dictionary<string, (long, long)>();
        for (var i = 0; i < BinaryPrimitives.ReadInt32LittleEndian(newest.AsSpan(24)); i++)
        {
            var entry = newest.AsSpan(512 + (256 * i), 256);
            var name = Encoding.ASCII.GetString(entry[..128]).TrimEnd('\0');
            if (name.StartsWith("VHD-", StringComparison.Ordinal))
                disks[name[4..]] = (1048576 + (BinaryPrimitives.ReadInt64LittleEndian(entry[168..]) * 4194304), BinaryPrimitives.ReadInt64LittleEndian(entry[176..]) * 4194304);
        }

        return (Encoding.ASCII.GetString(newest, 88, 64).TrimEnd('\0'), pv, disks);
    }

    /// <summary>The logical content of the only disk on a LUN.</summary>
    public static byte[] OnlyDisk(IBlockDevice lun)
    {
        var (offset, length) = Assert.Single(Disks(lun)).Value;
        return Vhd(Bytes(lun, offset, (int)length));
    }

    /// <summary>Checks a VHD's structure and gives its content.</summary>
    public static byte[] Vhd(byte[] vhd)
    {
        var footer = vhd.AsSpan(vhd.Length - 512);
        Assert.True(footer.SequenceEqual(vhd.AsSpan(0, 512)), "The footer differs from its copy.");
        Assert.Equal("conectix", Encoding.ASCII.GetString(footer[..8]));
        Assert.Equal(Sum(footer, 64), BinaryPrimitives.ReadUInt32BigEndian(footer[64..]));
        Assert.Equal(3u, BinaryPrimitives.ReadUInt32BigEndian(footer[60..]));
        var header = vhd.AsSpan(512, 1024);
        Assert.Equal("cxsparse", Encoding.ASCII.GetString(header[..8]));
        Assert.Equal(Sum(header, 36), BinaryPrimitives.ReadUInt32BigEndian(header[36..]));
        var size = BinaryPrimitives.ReadInt64BigEndian(footer[48..]);
        var table = (int)BinaryPrimitives.ReadInt64BigEndian(header[16..]);
        var content = new byte[size];
        var taken = new HashSet<uint>();
        for (var block = 0; block * 2097152L < size; block++)
        {
            var sector = BinaryPrimitives.ReadUInt32BigEndian(vhd.AsSpan(table + (block * 4)));
            if (sector == uint.MaxValue)
                continue;
            Assert.True(taken.Add(sector), "Two table entries name one block.");
            var at = checked((int)(sector * 512L));
            Assert.True(at + 512 + 2097152 <= vhd.Length - 512, "A block reaches beyond the footer.");
            for (var s = 0; s < 4096; s++)
                if ((vhd[at + (s / 8)] & (0x80 >> (s % 8))) != 0)
                    vhd.AsSpan(at + 512 + (s * 512), 512).CopyTo(content.AsSpan((block * 2097152) + (s * 512)));
        }

        return content;
    }

    private static byte[] Bytes(IBlockDevice lun, long offset, int length)
    {
        var bytes = new byte[length];
        lun.Read(offset, bytes);
        return bytes;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes, int skip)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i++)
            sum += i >= skip && i < skip + 4 ? 0u : bytes[i];
        return ~sum;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var k = 0; k < 8; k++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
        }

        return ~crc;
    }
}
