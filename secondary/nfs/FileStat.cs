namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>What the system tells of a path, or of an open file (<see cref="Libc.Find(string, bool)"/>).</summary>
/// <param name="Length">Bytes of a file; of no meaning for a folder.</param>
/// <param name="Links">How many names it has; 0 where the last one is gone.</param>
/// <param name="Inode">With <paramref name="Device"/> what file it is, whatever its name.</param>
internal readonly record struct FileStat(bool IsFolder, bool IsLink, long Length, DateTime ModifiedUtc, uint Links, ulong Inode, ulong Device)
{
    public bool IsSameAs(FileStat? other) => other is { } that && that.Inode == Inode && that.Device == Device;
}
