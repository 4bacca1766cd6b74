using System.Buffers.Binary;
using System.Text;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>The 512 bytes that end a VHD and, in a dynamic one, also begin it. Everything is big-endian.</summary>
internal sealed record VhdFooter(long CurrentSize, Guid Id, uint Timestamp, string Creator, uint CreatorVersion, bool Hidden, bool Differencing = false)
{
    public const int Size = 512;
    private const uint Dynamic = 3;
    private const uint HasParent = 4;
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static uint TimestampOf(DateTimeOffset at) => (uint)Math.Max(0, (at - Epoch).TotalSeconds);

    public byte[] Encode()
    {
        var b = new byte[Size];
        "conectix"u8.CopyTo(b);
        BinaryPrimitives.WriteUInt32BigEndian(b.AsSpan(8), 2);
        BinaryPrimitives.WriteUInt32BigEndian(b.AsSpan(12), 0x00010000);
        BinaryPrimitives.WriteUInt64BigEndian(b.AsSpan(16), Size);
        BinaryPrimitives.WriteUInt32BigEndian(b.AsSpan(24), Timestamp);
        Encoding.ASCII.GetBytes(Creator).CopyTo(b, 28);
        BinaryPrimitives.WriteUInt32BigEndian(b.AsSpan(32), CreatorVersion);
        BinaryPrimitives.WriteInt64BigEndian(b.AsSpan(40), CurrentSize);
        BinaryPrimitives.WriteInt64BigEndian(b.AsSpan(48), CurrentSize);
        var geometry = VhdGeometry.For(CurrentSize);
        BinaryPrimitives.WriteUInt16BigEndian(b.AsSpan(56), geometry.Cylinders);
        b[58] = geometry.Heads;
        b[59] = geometry.SectorsPerTrack;
        BinaryPrimitives.WriteUInt32BigEndian(b.AsSpan(60), Differencing ? HasParent : Dynamic);
        Id.TryWriteBytes(b.AsSpan(68), bigEndian: true, out _);
        b[85] = Hidden ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(b.AsSpan(64), VhdChecksum.Of(b, 64));
        return b;
    }

    /// <summary>Null when the bytes are no footer of a dynamic or differencing VHD or their checksum is wrong.</summary>
    public static VhdFooter? Decode(ReadOnlySpan<byte> b)
    {
        if (!b[..8].SequenceEqual("conectix"u8)
            || BinaryPrimitives.ReadUInt32BigEndian(b[64..]) != VhdChecksum.Of(b[..Size], 64)
            || BinaryPrimitives.ReadUInt32BigEndian(b[60..]) is not (Dynamic or HasParent))
            return null;
        return new VhdFooter(
            BinaryPrimitives.ReadInt64BigEndian(b[48..]),
            new Guid(b.Slice(68, 16), bigEndian: true),
            BinaryPrimitives.ReadUInt32BigEndian(b[24..]),
            Encoding.ASCII.GetString(b.Slice(28, 4)),
            BinaryPrimitives.ReadUInt32BigEndian(b[32..]),
            b[85] != 0,
            BinaryPrimitives.ReadUInt32BigEndian(b[60..]) == HasParent);
    }
}

/// <summary>One's complement of the sum of all bytes, the checksum's own four counted as zero.</summary>
internal static class VhdChecksum
{
    public static uint Of(ReadOnlySpan<byte> bytes, int checksumAt)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i++)
            if (i < checksumAt || i >= checksumAt + 4)
                sum += bytes[i];
        return ~sum;
    }
}
