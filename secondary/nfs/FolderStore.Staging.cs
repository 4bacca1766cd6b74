using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Secondary.Nfs;

public sealed partial class FolderStore
{
    public Task<IStagedObject> OpenStagedAsync(string name, string session, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        StagedParts.Validate(session);
        cancellation.ThrowIfCancellationRequested();
        var path = _paths.Of(name);
        var mount = _paths.EnsureThere();
        try
        {
            if (Look(path, name) is null)
                _paths.EnsureSpace();
            var staged = CreateInFolder(FolderPaths.Parent(path), name, () => StagedFile.Open(this, name, FolderPaths.Staged(path, session), FolderPaths.StagedJournal(path, session)));
            _paths.EnsureStill(mount);
            return Task.FromResult<IStagedObject>(staged);
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, Name, $"Staging '{name}'");
        }
    }

    public Task DiscardStagedAsync(string name, CancellationToken cancellation)
    {
        StoreName.Validate(name);
        cancellation.ThrowIfCancellationRequested();
        _paths.EnsureThere();
        var path = _paths.Of(name);
        var folder = FolderPaths.Parent(path);
        try
        {
            if (IsFolder(folder, name))
            {
                foreach (var file in Directory.EnumerateFiles(folder, "*", s_oneLevel).Where(file => FolderPaths.IsSessionOf(Path.GetFileName(file), Path.GetFileName(path))).ToList())
                    RemovePartial(file, name);
            }
            return Task.CompletedTask;
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            throw FolderErrors.Map(e, Name, $"Discarding what is staged of '{name}'");
        }
    }

    internal void BeforeStage(FolderStep step, string name) => Before?.Invoke(step, name);

    /// <summary>Whether the object is this very file: an earlier life gave it its name. A second name alone proves nothing: a backup of the export by hard links makes one too.</summary>
    internal bool IsPublished(SafeFileHandle file, string name) => Libc.Find(file).IsSameAs(Libc.Find(_paths.Of(name)));

    /// <param name="file">The session's file, as this life opened it. Under its path may lie another by now: a second process of the session has finished, or was discarded and began anew.</param>
    internal PutOutcome PublishStaged(SafeFileHandle file, string partial, string journal, string name)
    {
        _paths.EnsureThere();
        var path = _paths.Of(name);
        if (!Libc.Find(file).IsSameAs(Libc.Find(partial)))
            return FoundOrLost(name, path);
        var outcome = Publish(partial, path, name, file);
        // The file before its journal: a journal alone is known to be stale, a file without one is written anew.
        RemovePartial(partial, name);
        RemovePartial(journal, name);
        return outcome;
    }

    private PutOutcome FoundOrLost(string name, string path) => Look(path, name) is not null ? Found(name, path) : throw new SecondaryStoreException(
        StoreCodes.StagedLost, $"What was staged of '{name}' on '{Name}' was taken away meanwhile.", "It is opened again, and what is missing is written.");

    internal void RemovePartial(string file, string name)
    {
        Before?.Invoke(FolderStep.RemovePartial, name);
        var error = Libc.Unlink(file);
        if (error is not (0 or Libc.Enoent))
            throw Libc.Failure(error);
    }
}
