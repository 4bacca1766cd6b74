using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Chunks.Format;

/// <summary>Hashes of storage leaves as nodes of the disk's tree (docs/formats/disk-root.md), so that the bytes are hashed once.</summary>
internal sealed class LeafTree
{
    private readonly int _leafBytes;
    private readonly long _diskBytes;
    private readonly LeafHash _zeros;
    private readonly LeafHash _lastZeros;

    public LeafTree(int leafBytes, long diskBytes)
    {
        (_leafBytes, _diskBytes) = (leafBytes, diskBytes);
        LeavesPerGroup = DiskRoot.GroupBytes / leafBytes;
        LeafCount = (diskBytes + leafBytes - 1) / leafBytes;
        _zeros = Zeros(leafBytes / DiskRoot.LeafBytes);
        _lastZeros = Zeros(SmallLeaves(LeafCount - 1));
    }

    public int LeavesPerGroup { get; }

    public long LeafCount { get; }

    public int LeavesIn(long group) => (int)Math.Min(LeavesPerGroup, LeafCount - group * LeavesPerGroup);

    public LeafHash ZerosAt(long leaf) => leaf == LeafCount - 1 ? _lastZeros : _zeros;

    /// <summary>Hash of a leaf that is not all zeros.</summary>
    /// <param name="bytes">The whole leaf, zeros beyond the end of the disk.</param>
    public LeafHash Hash(long leaf, ReadOnlySpan<byte> bytes)
    {
        if (_leafBytes == DiskRoot.LeafBytes)
        {
            Span<byte> hash = stackalloc byte[LeafHash.Bytes];
            SHA256.HashData(bytes, hash);
            return LeafHash.Read(hash);
        }
        var nodes = new byte[SmallLeaves(leaf) * LeafHash.Bytes];
        for (var i = 0; i < nodes.Length / LeafHash.Bytes; i++)
            SHA256.HashData(bytes.Slice(i * DiskRoot.LeafBytes, DiskRoot.LeafBytes), nodes.AsSpan(i * LeafHash.Bytes));
        return LeafHash.Read(DiskRoot.Fold(nodes));
    }

    /// <summary>Hashes of several leaves of one group, none of them all zeros.</summary>
    /// <param name="group">Number of the group on the disk.</param>
    /// <param name="bytes">The group's, from its beginning on; zeros beyond the end of the disk.</param>
    /// <param name="wanted">A bit for each leaf to hash, the lowest for the group's first.</param>
    /// <param name="hashes">One for each leaf of the group; those not wanted are left as they are.</param>
    public void Hash(long group, ReadOnlySpan<byte> bytes, uint wanted, Span<LeafHash> hashes)
    {
        if (_leafBytes == DiskRoot.LeafBytes)
        {
            LeafHashes.Of(bytes, wanted, MemoryMarshal.AsBytes(hashes));
            return;
        }
        var each = _leafBytes / DiskRoot.LeafBytes;
        uint small = 0;
        for (var left = wanted; left != 0; left &= left - 1)
        {
            var leaf = BitOperations.TrailingZeroCount(left);
            small |= ((1u << SmallLeaves(group * LeavesPerGroup + leaf)) - 1) << (leaf * each);
        }
        Span<byte> nodes = stackalloc byte[LeafHashes.Most * LeafHash.Bytes];
        LeafHashes.Of(bytes, small, nodes);
        for (; wanted != 0; wanted &= wanted - 1)
        {
            var leaf = BitOperations.TrailingZeroCount(wanted);
            var own = nodes.Slice(leaf * each * LeafHash.Bytes, SmallLeaves(group * LeavesPerGroup + leaf) * LeafHash.Bytes);
            hashes[leaf] = LeafHash.Read(DiskRoot.Fold(own.ToArray()));
        }
    }

    /// <summary>The node of a group, of the hashes of its leaves.</summary>
    public static byte[] GroupNode(ReadOnlySpan<LeafHash> hashes)
    {
        var nodes = new byte[hashes.Length * LeafHash.Bytes];
        for (var i = 0; i < hashes.Length; i++)
            hashes[i].Write(nodes.AsSpan(i * LeafHash.Bytes));
        return DiskRoot.Fold(nodes);
    }

    public DiskExtent Extent(long leaf) => new(leaf * _leafBytes, Math.Min(_leafBytes, _diskBytes - leaf * _leafBytes));

    // Leaves of 64 KiB that begin within the disk.
    private int SmallLeaves(long leaf) => (int)Math.Min(_leafBytes / DiskRoot.LeafBytes, DiskRoot.LeafCount(_diskBytes) - leaf * (_leafBytes / DiskRoot.LeafBytes));

    private static LeafHash Zeros(int smallLeaves) => LeafHash.Read(DiskRoot.Fold(DiskRoot.Repeat(DiskRoot.ZeroLeaf, smallLeaves)));
}
