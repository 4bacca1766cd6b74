namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>
/// One 32-byte node for every 2 MiB of a disk, in pages that exist only where something was set: 32 MiB for 2 TiB full of data, next to nothing for holes. Safe for many threads, as long
/// as each group is set by one.
/// </summary>
internal sealed class GroupNodes
{
    private const int GroupsPerPage = 2048;
    private static readonly byte[] s_zeroPage = DiskRoot.Fold(DiskRoot.Repeat(DiskRoot.ZeroGroup, GroupsPerPage));

    private readonly byte[]?[] _pages;
    private readonly long _groups;
    private readonly byte[] _lastZeroGroup;

    public GroupNodes(long diskBytes)
    {
        _groups = DiskRoot.GroupCount(diskBytes);
        _pages = new byte[]?[(_groups + GroupsPerPage - 1) / GroupsPerPage];
        var lastLeaves = (int)((DiskRoot.LeafCount(diskBytes) - 1) % DiskRoot.LeavesPerGroup) + 1;
        _lastZeroGroup = DiskRoot.Fold(DiskRoot.Repeat(DiskRoot.ZeroLeaf, lastLeaves));
    }

    /// <returns>False where the group was set before.</returns>
    public bool TrySet(long group, ReadOnlySpan<byte> node)
    {
        var slot = Slot(group);
        lock (_pages)
        {
            if (!IsUnset(slot))
                return false;
            node.CopyTo(slot);
            return true;
        }
    }

    public bool Differs(GroupNodes other, long group) => !Node(group).SequenceEqual(other.Node(group));

    /// <summary>The top node over all groups; unset ones are zeros.</summary>
    public byte[] Top()
    {
        var tops = new byte[_pages.Length * DiskRoot.HashBytes];
        for (var page = 0; page < _pages.Length; page++)
            PageTop(page).CopyTo(tops.AsSpan(page * DiskRoot.HashBytes));
        return DiskRoot.Fold(tops);
    }

    private byte[] PageTop(int page)
    {
        var first = (long)page * GroupsPerPage;
        var count = (int)Math.Min(GroupsPerPage, _groups - first);
        // The last page may end in a group of fewer leaves, whose zeros have a node of their own.
        if (_pages[page] is null && page < _pages.Length - 1)
            return s_zeroPage;
        var nodes = new byte[count * DiskRoot.HashBytes];
        for (var i = 0; i < count; i++)
            Node(first + i).CopyTo(nodes.AsSpan(i * DiskRoot.HashBytes));
        return DiskRoot.Fold(nodes);
    }

    private ReadOnlySpan<byte> Node(long group)
    {
        var page = _pages[group / GroupsPerPage];
        if (page is not null)
        {
            var slot = page.AsSpan((int)(group % GroupsPerPage) * DiskRoot.HashBytes, DiskRoot.HashBytes);
            if (!IsUnset(slot))
                return slot;
        }
        return group == _groups - 1 ? _lastZeroGroup : DiskRoot.ZeroGroup;
    }

    private Span<byte> Slot(long group)
    {
        ref var page = ref _pages[group / GroupsPerPage];
        if (page is null)
            Interlocked.CompareExchange(ref page, new byte[GroupsPerPage * DiskRoot.HashBytes], null);
        return page.AsSpan((int)(group % GroupsPerPage) * DiskRoot.HashBytes, DiskRoot.HashBytes);
    }

    // No input is known whose SHA-256 is all zeros, so zeros can stand for "not set".
    private static bool IsUnset(ReadOnlySpan<byte> slot) => !slot.ContainsAnyExcept((byte)0);
}
