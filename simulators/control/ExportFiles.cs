namespace SnapshotWorkflows.Simulators.Control;

/// <summary>A file or an empty folder on the export.</summary>
/// <param name="Path">Below the export, with slashes.</param>
/// <param name="Bytes">Null for a folder.</param>
internal sealed record ExportFile(string Path, string Name, long? Bytes);

/// <summary>What lies on the NFS export.</summary>
internal static class ExportFiles
{
    public static IReadOnlyList<ExportFile> In(string folder) =>
    [
        .. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Where(entry => entry is FileInfo || entry is DirectoryInfo leaf && !leaf.EnumerateFileSystemInfos().Any())
            .Select(entry => new ExportFile(System.IO.Path.GetRelativePath(folder, entry.FullName), entry.Name, (entry as FileInfo)?.Length))
            .OrderBy(entry => entry.Path, StringComparer.Ordinal),
    ];
}
