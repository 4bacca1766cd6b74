using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>
/// The Merkle root of a logical disk: SHA-256 over leaves of 64 KiB, the same whatever format the disk lies in. Defined in docs/formats/disk-root.md.
/// </summary>
/// <param name="Hex">64 lower-case hex digits.</param>
public readonly record struct DiskRoot(string Hex)
{
    /// <summary>The name that manifests carry.</summary>
    public const string Algorithm = "swf-disk-root-1";

    public const int LeafBytes = 64 * 1024;

    /// <summary>Leaves in a group: 2 MiB, the block of a VHD. Groups are the unit of work and of comparison, not of the definition.</summary>
    public const int LeavesPerGroup = 32;

    public const int GroupBytes = LeafBytes * LeavesPerGroup;

    internal const int HashBytes = 32;

    /// <summary>Hash of a leaf of zeros.</summary>
    internal static readonly byte[] ZeroLeaf = SHA256.HashData(new byte[LeafBytes]);

    /// <summary>Node of a whole group of zero leaves.</summary>
    internal static readonly byte[] ZeroGroup = Fold(Repeat(ZeroLeaf, LeavesPerGroup));

    public override string ToString() => Hex;

    public static long LeafCount(long diskBytes) => (diskBytes + LeafBytes - 1) / LeafBytes;

    public static long GroupCount(long diskBytes) => (diskBytes + GroupBytes - 1) / GroupBytes;

    /// <summary>Binds the top node to the disk's length.</summary>
    internal static DiskRoot Seal(ReadOnlySpan<byte> top, long diskBytes)
    {
        Span<byte> input = stackalloc byte[1 + 8 + HashBytes];
        input[0] = 2;
        BinaryPrimitives.WriteInt64BigEndian(input[1..], diskBytes);
        top.CopyTo(input[9..]);
        return new DiskRoot(Convert.ToHexStringLower(SHA256.HashData(input)));
    }

    /// <summary>Pairs neighbours level by level until one node is left; an odd last node moves up as it is. Overwrites its input.</summary>
    /// <returns>The top: the first 32 bytes of the input.</returns>
    internal static byte[] Fold(byte[] nodes)
    {
        Span<byte> input = stackalloc byte[1 + 2 * HashBytes];
        input[0] = 1;
        for (var count = nodes.Length / HashBytes; count > 1; count = (count + 1) / 2)
        {
            for (var i = 0; i + 1 < count; i += 2)
            {
                nodes.AsSpan(i * HashBytes, 2 * HashBytes).CopyTo(input[1..]);
                SHA256.HashData(input, nodes.AsSpan(i / 2 * HashBytes, HashBytes));
            }
            if (count % 2 == 1)
                nodes.AsSpan((count - 1) * HashBytes, HashBytes).CopyTo(nodes.AsSpan(count / 2 * HashBytes, HashBytes));
        }
        return nodes[..HashBytes];
    }

    internal static byte[] Repeat(ReadOnlySpan<byte> node, int count)
    {
        var nodes = new byte[count * HashBytes];
        for (var i = 0; i < count; i++)
            node.CopyTo(nodes.AsSpan(i * HashBytes));
        return nodes;
    }
}
