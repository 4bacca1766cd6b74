namespace SnapshotWorkflows.Secondary.Nfs;

public sealed partial class FolderStore
{
    public Task EnsureFolderAsync(string name, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        cancellation.ThrowIfCancellationRequested();
        var mount = _paths.EnsureThere();
        try
        {
            _paths.EnsureSpace();
            MakeFolders(_paths.Of(name), name);
            Libc.SyncFolder(FolderPaths.Parent(_paths.Of(name)));
            _paths.EnsureStill(mount);
            return Task.CompletedTask;
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, Name, $"Making the folder '{name}'");
        }
    }

    public Task<IReadOnlyList<string>> FilesInFolderAsync(string name, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        cancellation.ThrowIfCancellationRequested();
        var mount = _paths.EnsureThere();
        try
        {
            var files = FilesBelow(_paths.Of(name), name);
            _paths.EnsureStill(mount);
            return Task.FromResult<IReadOnlyList<string>>(files);
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, Name, $"Listing the folder '{name}'");
        }
    }

    public Task RemoveFolderAsync(string name, IReadOnlyCollection<string> files, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        cancellation.ThrowIfCancellationRequested();
        var mount = _paths.EnsureThere();
        var folder = _paths.Of(name);
        try
        {
            var named = files.ToHashSet(StringComparer.Ordinal);
            var there = FilesBelow(folder, name);
            var others = there.Where(file => !named.Contains(file)).ToList();
            if (others.Count > 0)
                throw NotEmpty(name, others);
            foreach (var file in there)
            {
                cancellation.ThrowIfCancellationRequested();
                Before?.Invoke(FolderStep.Delete, $"{name}/{file}");
                Demand(Libc.Unlink(Path.Combine(folder, file)), name);
            }
            RemoveEmptyFolders(folder, name);
            _paths.EnsureStill(mount);
            return Task.CompletedTask;
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, Name, $"Removing the folder '{name}'");
        }
    }

    // A link counts as a file: it is never followed, and it is in the way unless it is named.
    private List<string> FilesBelow(string folder, string name)
    {
        var files = new List<string>();
        var pending = new Stack<DirectoryInfo>();
        if (IsFolder(folder, name))
            pending.Push(new DirectoryInfo(folder));
        while (pending.TryPop(out var inner))
        {
            foreach (var item in inner.EnumerateFileSystemInfos("*", s_oneLevelAndLinks))
            {
                if (item is DirectoryInfo next && !item.Attributes.HasFlag(FileAttributes.ReparsePoint))
                    pending.Push(next);
                else
                    files.Add(Path.GetRelativePath(folder, item.FullName));
            }
        }
        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private void RemoveEmptyFolders(string folder, string name)
    {
        if (!IsFolder(folder, name))
            return;
        foreach (var inner in Directory.EnumerateDirectories(folder))
            RemoveEmptyFolders(inner, name);
        Before?.Invoke(FolderStep.Delete, name);
        Demand(Libc.RemoveFolder(folder), name);
        SyncFolder(FolderPaths.Parent(folder), name);
    }

    private void Demand(int error, string name)
    {
        if (error == Libc.Enotempty)
            throw NotEmpty(name, []);
        if (error is not (0 or Libc.Enoent))
            throw Libc.Failure(error);
    }

    private SecondaryStoreException NotEmpty(string name, List<string> others) => new(StoreCodes.FolderNotEmpty,
        $"The folder '{name}' on '{Name}' holds what nobody named{(others.Count == 0 ? "" : ": " + string.Join(", ", others.Take(5)))}; it was left as it is.",
        "Look at what is in the folder. Unplug what still uses it, or name the files that may go.");

    private static readonly EnumerationOptions s_oneLevelAndLinks = new()
    {
        IgnoreInaccessible = false,
        AttributesToSkip = FileAttributes.None,
        MatchType = MatchType.Simple,
    };
}
