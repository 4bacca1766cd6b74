using System.Buffers.Binary;
using System.Text;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>The 1,024 bytes that describe the block table of a dynamic or differencing VHD. Parent fields are read, and never written.</summary>
public sealed record VhdHeader
{
    internal const int ChecksumAt = 36;
    internal const int ParentIdAt = 40;
    internal const int ParentNameAt = 64;
    internal const int LocatorsAt = 576;
    internal const int ReservedAt = 768;
    private static ReadOnlySpan<byte> Cookie => "cxsparse"u8;

    public ulong DataOffset { get; init; } = ulong.MaxValue;

    /// <summary>Where the block table is.</summary>
    public long TableOffset { get; init; } = VhdFormat.FirstTableOffset;
    public uint Version { get; init; } = 0x0001_0000;
    public uint TableEntries { get; init; }
    public uint BlockBytes { get; init; } = VhdFormat.DefaultBlockBytes;

    /// <summary>Uuid of the parent's footer; all zeros where there is none.</summary>
    public Guid ParentId { get; init; }

    /// <summary>When the parent was last written, as the child's maker saw it; in seconds as in a footer, 0 where it did not say.</summary>
    public uint ParentTimestamp { get; init; }

    /// <summary>File names by which the parent may be found, best first, as they are stored but for their coding.</summary>
    public IReadOnlyList<string> ParentNames { get; init; } = [];

    internal IReadOnlyList<VhdLocator> Locators { get; init; } = [];

    /// <summary>As stored; <see cref="Write"/> computes it.</summary>
    public uint Checksum { get; init; }

    public static bool HasCookie(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Cookie);

    public static bool ChecksumHolds(ReadOnlySpan<byte> bytes) =>
        VhdFormat.Checksum(bytes[..VhdFormat.HeaderBytes], ChecksumAt) == BinaryPrimitives.ReadUInt32BigEndian(bytes[ChecksumAt..]);

    /// <summary>Takes the fields as they are; judges nothing.</summary>
    public static VhdHeader Parse(ReadOnlySpan<byte> bytes) => new()
    {
        DataOffset = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
        TableOffset = BinaryPrimitives.ReadInt64BigEndian(bytes[16..]),
        Version = BinaryPrimitives.ReadUInt32BigEndian(bytes[24..]),
        TableEntries = BinaryPrimitives.ReadUInt32BigEndian(bytes[28..]),
        BlockBytes = BinaryPrimitives.ReadUInt32BigEndian(bytes[32..]),
        Checksum = BinaryPrimitives.ReadUInt32BigEndian(bytes[ChecksumAt..]),
        ParentId = new Guid(bytes.Slice(ParentIdAt, 16), bigEndian: true),
        ParentTimestamp = BinaryPrimitives.ReadUInt32BigEndian(bytes[56..]),
        ParentNames = Encoding.BigEndianUnicode.GetString(bytes[ParentNameAt..LocatorsAt]).TrimEnd('\0') is { Length: > 0 } name ? [name] : [],
        Locators = VhdLocator.ParseAll(bytes[LocatorsAt..ReservedAt]),
    };

    /// <summary>1,024 bytes with their checksum, without a parent.</summary>
    public byte[] Write()
    {
        var bytes = new byte[VhdFormat.HeaderBytes];
        Cookie.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), DataOffset);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(16), TableOffset);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(24), Version);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(28), TableEntries);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(32), BlockBytes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(ChecksumAt), VhdFormat.Checksum(bytes, ChecksumAt));
        return bytes;
    }
}
