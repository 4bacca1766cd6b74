using System.Security.Cryptography;

namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>Hashes of one group's leaves.</summary>
internal static class GroupHash
{
    /// <param name="buffer">Of 2 MiB; what follows the data up to the end of its last leaf is cleared: a disk's last leaf counts as full of zeros to its end.</param>
    /// <param name="length">Bytes of data.</param>
    /// <param name="hashes">Room for 32 hashes.</param>
    /// <returns>The hashes of the leaves there are.</returns>
    public static ReadOnlySpan<byte> Leaves(Span<byte> buffer, int length, Span<byte> hashes)
    {
        var leaves = (length + DiskRoot.LeafBytes - 1) / DiskRoot.LeafBytes;
        buffer.Slice(length, leaves * DiskRoot.LeafBytes - length).Clear();
        for (var i = 0; i < leaves; i++)
        {
            var leaf = buffer.Slice(i * DiskRoot.LeafBytes, DiskRoot.LeafBytes);
            var hash = hashes.Slice(i * DiskRoot.HashBytes, DiskRoot.HashBytes);
            if (leaf.ContainsAnyExcept((byte)0))
                SHA256.HashData(leaf, hash);
            else
                DiskRoot.ZeroLeaf.CopyTo(hash);
        }
        return hashes[..(leaves * DiskRoot.HashBytes)];
    }
}
