namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>
/// Takes leaf hashes in any order, from any number of threads, and gives the disk's root. Leaves never named are zeros.
/// </summary>
/// <remarks>
/// Memory: 32 bytes per 2 MiB that hold data (32 MiB for 2 TiB), and 1 KiB for every group of 32 leaves that is begun and not complete, of which there may be
/// <see cref="OpenGroupsMax"/>. Who goes through the disk group by group never has more than a few open.
/// </remarks>
public sealed class DiskRootBuilder
{
    /// <summary>64 MiB of leaf hashes of incomplete groups.</summary>
    public const int OpenGroupsMax = 65_536;

    private readonly long _diskBytes;
    private readonly GroupNodes _groups;
    private readonly Dictionary<long, OpenGroup> _open = [];
    private long _nonZeroLeaves;
    private bool _lastLeafSet;

    public DiskRootBuilder(long diskBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(diskBytes);
        _diskBytes = diskBytes;
        _groups = new GroupNodes(diskBytes);
    }

    /// <summary>One leaf. The last leaf of a disk is padded with zeros to 64 KiB before it is hashed.</summary>
    /// <exception cref="InvalidOperationException">The leaf was given before, or too many groups are open.</exception>
    public void Add(long leafIndex, ReadOnlySpan<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(leafIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(leafIndex, DiskRoot.LeafCount(_diskBytes));
        ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, DiskRoot.HashBytes);
        var group = leafIndex / DiskRoot.LeavesPerGroup;
        var leaf = (int)(leafIndex % DiskRoot.LeavesPerGroup);
        lock (_open)
        {
            if (!_open.TryGetValue(group, out var open))
            {
                if (_open.Count == OpenGroupsMax)
                    throw new InvalidOperationException($"More than {OpenGroupsMax} groups of leaves are incomplete; give the leaves of a group together.");
                _open.Add(group, open = new OpenGroup(LeavesOf(group)));
            }
            open.Set(leaf, hash);
            if (!open.IsComplete)
                return;
            _open.Remove(group);
            SetGroup(group, open.Leaves);
        }
    }

    /// <summary>One zero leaf: needed only to let a group complete early.</summary>
    public void AddZero(long leafIndex) => Add(leafIndex, DiskRoot.ZeroLeaf);

    /// <summary>All leaves of one group at once: 32 hashes of 32 bytes, fewer in the disk's last group.</summary>
    public void AddGroup(long groupIndex, ReadOnlySpan<byte> leafHashes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(groupIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(groupIndex, DiskRoot.GroupCount(_diskBytes));
        ArgumentOutOfRangeException.ThrowIfNotEqual(leafHashes.Length, LeavesOf(groupIndex) * DiskRoot.HashBytes);
        SetGroup(groupIndex, leafHashes.ToArray());
    }

    /// <summary>A group's node, made of its leaves elsewhere. Which of them are zeros is not counted.</summary>
    internal void AddGroupNode(long groupIndex, ReadOnlySpan<byte> node)
    {
        if (!_groups.TrySet(groupIndex, node))
            throw new InvalidOperationException($"Group {groupIndex} was given twice.");
    }

    public DiskRoot Root() => Digest(null).Root;

    internal DiskDigest Digest(string? sha256)
    {
        lock (_open)
        {
            foreach (var (group, open) in _open)
                SetGroup(group, open.Leaves);
            _open.Clear();
        }
        var nonZeroBytes = _nonZeroLeaves * DiskRoot.LeafBytes;
        if (_lastLeafSet)
            nonZeroBytes -= DiskRoot.LeafCount(_diskBytes) * DiskRoot.LeafBytes - _diskBytes;
        return new DiskDigest(DiskRoot.Seal(_groups.Top(), _diskBytes), _diskBytes, nonZeroBytes, sha256, _groups);
    }

    private int LeavesOf(long group) => (int)Math.Min(DiskRoot.LeavesPerGroup, DiskRoot.LeafCount(_diskBytes) - group * DiskRoot.LeavesPerGroup);

    private void SetGroup(long group, byte[] leaves)
    {
        var nonZero = 0;
        var lastLeafSet = false;
        for (var at = 0; at < leaves.Length; at += DiskRoot.HashBytes)
        {
            lastLeafSet = !leaves.AsSpan(at, DiskRoot.HashBytes).SequenceEqual(DiskRoot.ZeroLeaf);
            nonZero += lastLeafSet ? 1 : 0;
        }
        if (!_groups.TrySet(group, DiskRoot.Fold(leaves)))
            throw new InvalidOperationException($"Group {group} was given twice.");
        Interlocked.Add(ref _nonZeroLeaves, nonZero);
        if (lastLeafSet && group == DiskRoot.GroupCount(_diskBytes) - 1)
            _lastLeafSet = true;
    }

    private sealed class OpenGroup(int leaves)
    {
        private uint _given;

        public byte[] Leaves { get; } = DiskRoot.Repeat(DiskRoot.ZeroLeaf, leaves);

        public bool IsComplete => _given == (leaves == 32 ? uint.MaxValue : (1u << leaves) - 1);

        public void Set(int leaf, ReadOnlySpan<byte> hash)
        {
            if ((_given & (1u << leaf)) != 0)
                throw new InvalidOperationException($"Leaf {leaf} of a group was given twice.");
            _given |= 1u << leaf;
            hash.CopyTo(Leaves.AsSpan(leaf * DiskRoot.HashBytes));
        }
    }
}
