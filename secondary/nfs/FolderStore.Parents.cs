namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>Folders are made for what is put into them, and go with the last of it: else every listing would go through the folders of all that ever was.</summary>
public sealed partial class FolderStore
{
    // A deleter takes a folder only while it is empty, so each of these tries begins with another object's end.
    private const int TriesMax = 100;

    /// <summary>Makes the folder and then a file in it; once more where a deleter of its last object took the folder away in between.</summary>
    private T CreateInFolder<T>(string folder, string name, Func<T> create)
    {
        for (var attempt = 1; ; attempt++)
        {
            MakeFolders(folder, name);
            Before?.Invoke(FolderStep.CreatePartial, name);
            try
            {
                return create();
            }
            catch (IOException e) when (e.HResult == Libc.Enoent && attempt < TriesMax)
            {
                // The folder is gone again.
            }
        }
    }

    private void MakeFolders(string folder, string name)
    {
        for (var attempt = 1; !IsFolder(folder, name); attempt++)
        {
            if (folder == _paths.Root)
                throw Libc.Failure(Libc.Enoent);
            var parent = FolderPaths.Parent(folder);
            MakeFolders(parent, name);
            Before?.Invoke(FolderStep.MakeFolder, name);
            var error = Libc.MakeFolder(folder);
            if (error == Libc.Eexist && Look(folder, name) is { IsFolder: false })
            {
                throw new SecondaryStoreException(StoreCodes.Exists, $"A file is in the place of a folder of '{name}' on '{Name}'.",
                    "Choose another name, or look at who made the file.");
            }
            if (error is not (0 or Libc.Eexist) && (error != Libc.Enoent || attempt >= TriesMax))
                throw Libc.Failure(error);
            SyncNearest(parent);
        }
    }

    /// <summary>Makes a folder's names durable; where a deleter has taken it away, that it is gone, and all that was in it.</summary>
    private void SyncNearest(string folder)
    {
        for (; ; folder = FolderPaths.Parent(folder))
        {
            try
            {
                Libc.SyncFolder(folder);
                return;
            }
            catch (IOException e) when (e.HResult == Libc.Enoent && folder != _paths.Root)
            {
                // The one above then.
            }
        }
    }

    /// <summary>After an object was deleted: the folders that it was the last of. An empty folder does no harm, so one that cannot be removed stays, for a sweep or for ever.</summary>
    private void RemoveEmptyParents(string path, string name)
    {
        for (var folder = FolderPaths.Parent(path); folder != _paths.Root; folder = FolderPaths.Parent(folder))
        {
            Before?.Invoke(FolderStep.RemoveFolder, name);
            if (Libc.RemoveFolder(folder) != 0)
                return;
        }
    }

    /// <summary>Empty folders below one, not touched since: what versions before this one left, or a deleter that died. The deepest first.</summary>
    private void SweepEmptyFolders(string folder, string prefix, DateTimeOffset untouchedSince, CancellationToken cancellation)
    {
        foreach (var inner in Directory.EnumerateDirectories(folder, "*", s_oneLevel))
        {
            cancellation.ThrowIfCancellationRequested();
            var name = Path.GetRelativePath(_paths.Root, inner) + "/";
            if (!StoreName.IsValid(name[..^1]) || !(name.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(name, StringComparison.Ordinal)))
                continue;
            // Its own time, before its inner ones go and change it.
            var isOld = Look(inner, name, followLink: false) is { IsFolder: true } stat && new DateTimeOffset(stat.ModifiedUtc) < untouchedSince;
            SweepEmptyFolders(inner, prefix, untouchedSince, cancellation);
            if (!isOld || !name.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            Before?.Invoke(FolderStep.RemoveFolder, name);
            _ = Libc.RemoveFolder(inner);
        }
    }
}
