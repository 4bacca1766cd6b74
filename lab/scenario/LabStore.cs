namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>Secondary storage as the lab sees it, never through the product: what lies there, and its bytes.</summary>
internal interface ILabStore
{
    /// <summary>What the product is told of it: settings by their names with colons.</summary>
    IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>Names of everything there, unfinished things too.</summary>
    Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellation);

    /// <summary>A plain file with the object's bytes; null where there is no such object.</summary>
    Task<string?> FileAsync(string name, CancellationToken cancellation);
}

/// <summary>A folder that stands in for an NFS export.</summary>
internal sealed class LabFolderStore(string folder) : ILabStore
{
    public IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

    public Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<string>>(
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(folder, path))]);

    public Task<string?> FileAsync(string name, CancellationToken cancellation)
    {
        var path = Path.Combine(folder, name);
        return Task.FromResult(File.Exists(path) ? path : null);
    }
}
