using System.Buffers.Binary;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

/// <summary>Faults planted into a VHD, with the checksums made right again so that only the fault shows. The checksum is computed here anew, not by the code under test.</summary>
internal static class Planted
{
    public static void FixFooters(byte[] vhd)
    {
        Sum(vhd.AsSpan(vhd.Length - 512), 64);
        vhd.AsSpan(vhd.Length - 512).CopyTo(vhd);
    }

    public static void FixHeader(byte[] vhd) => Sum(vhd.AsSpan(512, 1024), 36);

    public static void Footer32(byte[] vhd, int at, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(vhd.AsSpan(vhd.Length - 512 + at), value);
        FixFooters(vhd);
    }

    public static void Footer64(byte[] vhd, int at, ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(vhd.AsSpan(vhd.Length - 512 + at), value);
        FixFooters(vhd);
    }

    public static void Header32(byte[] vhd, int at, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(vhd.AsSpan(512 + at), value);
        FixHeader(vhd);
    }

    public static void Header64(byte[] vhd, int at, ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(vhd.AsSpan(512 + at), value);
        FixHeader(vhd);
    }

    public static void Table(byte[] vhd, int entry, uint sector) => BinaryPrimitives.WriteUInt32BigEndian(vhd.AsSpan(1536 + entry * 4), sector);

    public static uint TableEntry(byte[] vhd, int entry) => BinaryPrimitives.ReadUInt32BigEndian(vhd.AsSpan(1536 + entry * 4));

    private static void Sum(Span<byte> bytes, int at)
    {
        bytes.Slice(at, 4).Clear();
        uint sum = 0;
        foreach (var b in bytes)
            sum += b;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[at..], ~sum);
    }
}
