namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>What one pass over a disk's bytes gives.</summary>
public sealed class DiskDigest
{
    private readonly GroupNodes _groups;

    internal DiskDigest(DiskRoot root, long diskBytes, long nonZeroBytes, string? sha256, GroupNodes groups)
    {
        Root = root;
        DiskBytes = diskBytes;
        NonZeroBytes = nonZeroBytes;
        Sha256 = sha256;
        _groups = groups;
    }

    public DiskRoot Root { get; }

    public long DiskBytes { get; }

    /// <summary>Bytes in leaves of 64 KiB that are not all zero.</summary>
    public long NonZeroBytes { get; }

    /// <summary>Plain SHA-256 of the whole disk, lower-case hex; null where it was not asked for.</summary>
    public string? Sha256 { get; }

    /// <summary>The first extent of 2 MiB (shorter at the end) whose content differs; null where the disks are equal. Disks of two sizes differ from the shorter one's end on at the latest.</summary>
    public DiskExtent? FirstDifference(DiskDigest other)
    {
        if (Root == other.Root)
            return null;
        var shorter = Math.Min(DiskBytes, other.DiskBytes);
        for (long group = 0; group < DiskRoot.GroupCount(shorter); group++)
        {
            if (_groups.Differs(other._groups, group))
                return Extent(group * DiskRoot.GroupBytes, shorter);
        }
        return new DiskExtent(shorter, Math.Abs(DiskBytes - other.DiskBytes));
    }

    private static DiskExtent Extent(long offset, long end) => new(offset, Math.Min(DiskRoot.GroupBytes, end - offset));
}
