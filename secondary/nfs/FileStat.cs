namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>What the system tells of a path (<see cref="Libc.Find"/>).</summary>
/// <param name="Length">Bytes of a file; of no meaning for a folder.</param>
internal readonly record struct FileStat(bool IsFolder, bool IsLink, long Length, DateTime ModifiedUtc);
