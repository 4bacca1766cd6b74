using System.Buffers.Binary;
using System.Text;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>The dynamic disk header: 1,024 bytes at offset 512.</summary>
internal sealed record VhdHeader(long TableOffset, int Entries, Guid Parent = default)
{
    public const int Size = 1024;
    public const int BlockSize = 2 * 1024 * 1024;

    /// <summary>Entries of the largest disk, 2,040 GiB, with some room.</summary>
    public const int LargestTable = 1 << 20;

    public byte[] Encode()
    {
        var b = new byte[Size];
        "cxsparse"u8.CopyTo(b);
        BinaryPrimitives.WriteUInt64BigEndian(b.AsSpan(8), ulong.MaxValue);
        BinaryPrimitives.WriteInt64BigEndian(b.AsSpan(16), TableOffset);
        BinaryPrimitives.WriteUInt32BigEndian(b.AsSpan(24), 0x00010000);
        BinaryPrimitives.WriteInt32BigEndian(b.AsSpan(28), Entries);
        BinaryPrimitives.WriteInt32BigEndian(b.AsSpan(32), BlockSize);
        if (Parent != Guid.Empty)
        {
            Parent.TryWriteBytes(b.AsSpan(40), bigEndian: true, out _);
            Encoding.BigEndianUnicode.GetBytes($"{Parent}.vhd").CopyTo(b, 64);
        }

        BinaryPrimitives.WriteUInt32BigEndian(b.AsSpan(36), VhdChecksum.Of(b, 36));
        return b;
    }

    /// <summary>Null when the bytes are no header of 2 MiB blocks or their checksum is wrong.</summary>
    public static VhdHeader? Decode(ReadOnlySpan<byte> b)
    {
        if (!b[..8].SequenceEqual("cxsparse"u8)
            || BinaryPrimitives.ReadUInt32BigEndian(b[36..]) != VhdChecksum.Of(b[..Size], 36)
            || BinaryPrimitives.ReadInt32BigEndian(b[32..]) != BlockSize)
            return null;
        return new VhdHeader(BinaryPrimitives.ReadInt64BigEndian(b[16..]), BinaryPrimitives.ReadInt32BigEndian(b[28..]));
    }
}
