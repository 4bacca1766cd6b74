using System.IO.Enumeration;
using System.Runtime.CompilerServices;

namespace SnapshotWorkflows.Secondary.Nfs;

public sealed partial class FolderStore
{
    public async IAsyncEnumerable<StoreObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        StoreName.ValidatePrefix(prefix);
        var mount = _paths.EnsureThere();
        // Folders yet to be gone through and files yet to be given, the next one on top: the whole is in ordinal order without being held in memory.
        var pending = new Stack<Entry>();
        var cut = prefix.LastIndexOf('/') + 1;
        Push(pending, prefix[..cut], prefix);
        while (pending.TryPop(out var entry))
        {
            cancellation.ThrowIfCancellationRequested();
            if (entry.Found is { } found)
                yield return found;
            else
                Push(pending, entry.Key, prefix);
        }
        // Only if the mount is still the one it was did we see everything.
        _paths.EnsureStill(mount);
        await Task.CompletedTask;
    }

    public Task<int> SweepUnfinishedAsync(string prefix, DateTimeOffset untouchedSince, CancellationToken cancellation)
    {
        StoreName.ValidatePrefix(prefix);
        _paths.EnsureThere();
        var removed = 0;
        try
        {
            var top = _paths.Of(prefix[..(prefix.LastIndexOf('/') + 1)]);
            if (!IsFolder(top, prefix))
                return Task.FromResult(0);
            foreach (var file in new DirectoryInfo(top).EnumerateFiles("*" + StoreName.UnfinishedSuffix, s_everything))
            {
                cancellation.ThrowIfCancellationRequested();
                // The partial of "a/b" is "a/.b.<id>.partial": without its dot it has the prefix that its object would have.
                var relative = Path.GetRelativePath(_paths.Root, FolderPaths.Parent(file.FullName));
                var would = (relative == "." ? "" : relative + "/") + file.Name.TrimStart('.');
                if (!FolderPaths.IsPartial(file.Name) || !would.StartsWith(prefix, StringComparison.Ordinal) || new DateTimeOffset(file.LastWriteTimeUtc) >= untouchedSince)
                    continue;
                Before?.Invoke(FolderStep.RemovePartial, would);
                var error = Libc.Unlink(file.FullName);
                if (error is not (0 or Libc.Enoent))
                    throw Libc.Failure(error);
                removed++;
            }
            SweepEmptyFolders(top, prefix, untouchedSince, cancellation);
            return Task.FromResult(removed);
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, Name, "Removing unfinished files");
        }
    }

    private static readonly EnumerationOptions s_everything = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = false,
        AttributesToSkip = FileAttributes.ReparsePoint,
        MatchType = MatchType.Simple,
    };

    private static readonly EnumerationOptions s_oneLevel = new()
    {
        IgnoreInaccessible = false,
        AttributesToSkip = FileAttributes.ReparsePoint,
        MatchType = MatchType.Simple,
    };

    private void Push(Stack<Entry> pending, string folder, string prefix)
    {
        var entries = new List<Entry>();
        try
        {
            var path = _paths.Of(folder);
            // A folder that was removed since we saw it holds no objects; a mount that has gone is told apart at the end.
            if (!IsFolder(path, folder))
                return;
            // Of a large folder most names are often of other prefixes: they are passed over before anything is made of them.
            var begin = prefix.Length > folder.Length ? prefix[folder.Length..] : "";
            var found = new FileSystemEnumerable<(string Leaf, bool IsFolder)>(path, (ref item) => (item.FileName.ToString(), item.IsDirectory), s_oneLevel)
            {
                ShouldIncludePredicate = (ref item) => item.FileName.StartsWith(begin, StringComparison.Ordinal),
            };
            foreach (var (leaf, isFolder) in found)
            {
                var name = folder + leaf;
                if (!StoreName.IsValid(name))
                    continue;
                // Where the folder itself does not tell its entries' kinds the framework looks, and takes a failed look for a file.
                var stat = isFolder ? new FileStat { IsFolder = true } : Look(Path.Combine(path, leaf), name, followLink: false);
                // With its '/' a folder sorts as the names below it do. What was deleted since the folder named it is no object any more.
                if (stat is { IsFolder: true })
                    entries.Add(new Entry(name + "/", null));
                else if (stat is { IsLink: false } file)
                    entries.Add(new Entry(name, Describe(name, file)));
            }
        }
        catch (DirectoryNotFoundException)
        {
            // As above: removed between the look and the listing.
            return;
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, Name, $"Listing '{folder}'");
        }
        entries.Sort((a, b) => string.CompareOrdinal(b.Key, a.Key));
        foreach (var entry in entries)
            pending.Push(entry);
    }

    private readonly record struct Entry(string Key, StoreObject? Found);
}
