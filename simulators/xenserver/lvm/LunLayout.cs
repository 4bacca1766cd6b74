using System.Buffers.Binary;
using System.Text;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Offsets and encodings of LUN-LAYOUT.md, shared by the reader and the writer of the volume group.</summary>
internal static class LunLayout
{
    public const int LabelOffset = 512;
    public const int LabelSize = 512;
    public const long SlotOffset = 4096;
    public const long SlotSize = 256 * 1024;
    public const int SlotHeaderSize = 512;
    public const int EntrySize = 256;
    public const long FirstExtentOffset = 1024 * 1024;
    public const long ExtentSize = 4 * 1024 * 1024;
    public const int MaximumVolumes = (int)((SlotSize - SlotHeaderSize) / EntrySize);
    public const string GroupPrefix = "VG_XenStorage-";
    public const string VhdPrefix = "VHD-";
    public const string ManagementVolume = "MGT";

    public static long SlotAt(long sequence) => SlotOffset + (sequence % 2 * SlotSize);

    public static long Extents(long bytes) => (bytes + ExtentSize - 1) / ExtentSize;

    public static void PutText(Span<byte> field, string text)
    {
        field.Clear();
        Encoding.ASCII.GetBytes(text, field);
    }

    public static string GetText(ReadOnlySpan<byte> field) => Encoding.ASCII.GetString(field).TrimEnd('\0');

    /// <summary>CRC-32 as in IEEE 802.3 (reflected, initial value and final exclusive-or all ones).</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
            crc = (crc >> 8) ^ Table[(byte)(crc ^ b)];
        return ~crc;
    }

    private static readonly uint[] Table = MakeTable();

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            var c = i;
            for (var bit = 0; bit < 8; bit++)
                c = (c & 1) != 0 ? (c >> 1) ^ 0xEDB88320 : c >> 1;
            table[i] = c;
        }

        return table;
    }
}

/// <summary>The physical volume's label in the LUN's second sector.</summary>
internal sealed record PvLabel(string PvUuid, long DeviceSize)
{
    public byte[] Encode()
    {
        var b = new byte[LunLayout.LabelSize];
        "LABELONE"u8.CopyTo(b);
        BinaryPrimitives.WriteInt64LittleEndian(b.AsSpan(8), 1);
        BinaryPrimitives.WriteInt32LittleEndian(b.AsSpan(20), 32);
        "LVM2 001"u8.CopyTo(b.AsSpan(24));
        LunLayout.PutText(b.AsSpan(32, 36), PvUuid);
        BinaryPrimitives.WriteInt64LittleEndian(b.AsSpan(72), DeviceSize);
        BinaryPrimitives.WriteInt64LittleEndian(b.AsSpan(80), LunLayout.SlotOffset);
        BinaryPrimitives.WriteInt64LittleEndian(b.AsSpan(88), LunLayout.SlotSize);
        BinaryPrimitives.WriteUInt32LittleEndian(b.AsSpan(16), LunLayout.Crc(b.AsSpan(20)));
        return b;
    }

    public static PvLabel? Decode(ReadOnlySpan<byte> b) =>
        b[..8].SequenceEqual("LABELONE"u8) && BinaryPrimitives.ReadUInt32LittleEndian(b[16..]) == LunLayout.Crc(b[20..])
            ? new PvLabel(LunLayout.GetText(b.Slice(32, 36)), BinaryPrimitives.ReadInt64LittleEndian(b[72..]))
            : null;
}

/// <summary>One logical volume: a run of extents.</summary>
internal sealed record LvEntry(string Name, string Uuid, bool IsSnapshot, long FirstExtent, long ExtentCount, long CreatedUnix)
{
    public long Bytes => ExtentCount * LunLayout.ExtentSize;

    public string? VdiUuid => Name.StartsWith(LunLayout.VhdPrefix, StringComparison.Ordinal) ? Name[LunLayout.VhdPrefix.Length..] : null;

    public void Encode(Span<byte> b)
    {
        LunLayout.PutText(b[..128], Name);
        LunLayout.PutText(b.Slice(128, 36), Uuid);
        BinaryPrimitives.WriteUInt32LittleEndian(b[164..], IsSnapshot ? 2u : 0u);
        BinaryPrimitives.WriteInt64LittleEndian(b[168..], FirstExtent);
        BinaryPrimitives.WriteInt64LittleEndian(b[176..], ExtentCount);
        BinaryPrimitives.WriteInt64LittleEndian(b[184..], CreatedUnix);
    }

    public static LvEntry Decode(ReadOnlySpan<byte> b) => new(
        LunLayout.GetText(b[..128]),
        LunLayout.GetText(b.Slice(128, 36)),
        (BinaryPrimitives.ReadUInt32LittleEndian(b[164..]) & 2) != 0,
        BinaryPrimitives.ReadInt64LittleEndian(b[168..]),
        BinaryPrimitives.ReadInt64LittleEndian(b[176..]),
        BinaryPrimitives.ReadInt64LittleEndian(b[184..]));
}
