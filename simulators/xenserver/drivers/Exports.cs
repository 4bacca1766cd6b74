namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>NFS exports of this world as local folders, and which of them are full.</summary>
internal sealed class Exports(IReadOnlyDictionary<string, string> folders)
{
    private readonly HashSet<string> _full = new(StringComparer.Ordinal);

    /// <summary>Local folder of <c>server:/path</c>, which may lie below an export; null when nothing is exported there.</summary>
    public string? Folder(string serverAndPath)
    {
        var wanted = serverAndPath.TrimEnd('/');
        var export = folders.Keys.Where(k => IsBelow(wanted, k.TrimEnd('/'))).MaxBy(k => k.Length);
        return export is null ? null : Below(folders[export], wanted[export.TrimEnd('/').Length..]);
    }

    public void SetFull(string? serverAndPath, bool full)
    {
        foreach (var (export, folder) in folders)
        {
            if (serverAndPath is not null && export.TrimEnd('/') != serverAndPath.TrimEnd('/'))
                continue;
            if (full)
                _full.Add(Path.GetFullPath(folder));
            else
                _full.Remove(Path.GetFullPath(folder));
        }
    }

    public bool IsFull(string folder) => _full.Any(f => IsBelow(folder, f));

    /// <summary>A folder below another; null when the rest climbs out of it.</summary>
    public static string? Below(string folder, string rest)
    {
        var root = Path.GetFullPath(folder).TrimEnd('/');
        var full = Path.GetFullPath(root + "/" + rest.Trim('/')).TrimEnd('/');
        return IsBelow(full, root) ? full : null;
    }

    public static bool IsBelow(string path, string root) => path == root || path.StartsWith(root + "/", StringComparison.Ordinal);
}
