using System.Buffers.Binary;
using System.Text;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>The 512 bytes at the end of every VHD, and again at the beginning of those that are not fixed.</summary>
public sealed record VhdFooter
{
    internal const int ChecksumAt = 64;
    internal const int ReservedAt = 86;
    private static ReadOnlySpan<byte> Cookie => "conectix"u8;

    public uint Features { get; init; } = 2;
    public uint FormatVersion { get; init; } = 0x0001_0000;

    /// <summary>Where the dynamic header is; all ones for a fixed disk.</summary>
    public ulong DataOffset { get; init; } = VhdFormat.FooterBytes;

    /// <summary>Seconds since 2000-01-01 UTC.</summary>
    public uint Timestamp { get; init; }

    /// <summary>Four ASCII characters.</summary>
    public string CreatorApplication { get; init; } = "swf ";
    public uint CreatorVersion { get; init; } = 0x0001_0000;
    public uint CreatorOs { get; init; }
    public long OriginalBytes { get; init; }

    /// <summary>The size of the disk. Readers that go by the geometry instead cut disks short.</summary>
    public long CurrentBytes { get; init; }
    public VhdGeometry Geometry { get; init; }
    public VhdType Type { get; init; } = VhdType.Dynamic;

    /// <summary>As stored; <see cref="Write"/> computes it.</summary>
    public uint Checksum { get; init; }
    public Guid UniqueId { get; init; }
    public byte SavedState { get; init; }

    /// <summary>XenServer's extension: a parent hidden from listings.</summary>
    public byte Hidden { get; init; }

    public static bool HasCookie(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Cookie);

    public static bool ChecksumHolds(ReadOnlySpan<byte> bytes) =>
        VhdFormat.Checksum(bytes[..VhdFormat.FooterBytes], ChecksumAt) == BinaryPrimitives.ReadUInt32BigEndian(bytes[ChecksumAt..]);

    /// <summary>Takes the fields as they are; judges nothing.</summary>
    public static VhdFooter Parse(ReadOnlySpan<byte> bytes) => new()
    {
        Features = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]),
        FormatVersion = BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]),
        DataOffset = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
        Timestamp = BinaryPrimitives.ReadUInt32BigEndian(bytes[24..]),
        CreatorApplication = Encoding.Latin1.GetString(bytes.Slice(28, 4)),
        CreatorVersion = BinaryPrimitives.ReadUInt32BigEndian(bytes[32..]),
        CreatorOs = BinaryPrimitives.ReadUInt32BigEndian(bytes[36..]),
        OriginalBytes = BinaryPrimitives.ReadInt64BigEndian(bytes[40..]),
        CurrentBytes = BinaryPrimitives.ReadInt64BigEndian(bytes[48..]),
        Geometry = new VhdGeometry(BinaryPrimitives.ReadUInt16BigEndian(bytes[56..]), bytes[58], bytes[59]),
        Type = (VhdType)BinaryPrimitives.ReadUInt32BigEndian(bytes[60..]),
        Checksum = BinaryPrimitives.ReadUInt32BigEndian(bytes[ChecksumAt..]),
        UniqueId = new Guid(bytes.Slice(68, 16), bigEndian: true),
        SavedState = bytes[84],
        Hidden = bytes[85],
    };

    /// <summary>512 bytes with their checksum.</summary>
    public byte[] Write()
    {
        var bytes = new byte[VhdFormat.FooterBytes];
        Cookie.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8), Features);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(12), FormatVersion);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16), DataOffset);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(24), Timestamp);
        Encoding.Latin1.GetBytes(CreatorApplication.PadRight(4).AsSpan(0, 4), bytes.AsSpan(28));
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(32), CreatorVersion);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(36), CreatorOs);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(40), OriginalBytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(48), CurrentBytes);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(56), Geometry.Cylinders);
        bytes[58] = Geometry.Heads;
        bytes[59] = Geometry.SectorsPerTrack;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(60), (uint)Type);
        UniqueId.TryWriteBytes(bytes.AsSpan(68), bigEndian: true, out _);
        bytes[84] = SavedState;
        bytes[85] = Hidden;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(ChecksumAt), VhdFormat.Checksum(bytes, ChecksumAt));
        return bytes;
    }
}
