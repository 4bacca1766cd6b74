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

    internal PutOutcome PublishStaged(string partial, string journal, string name)
    {
        _paths.EnsureThere();
        var outcome = Publish(partial, _paths.Of(name), name);
        // The file before its journal: a journal alone is known to be stale, a file without one is written anew.
        RemovePartial(partial, name);
        RemovePartial(journal, name);
        return outcome;
    }

    internal void RemovePartial(string file, string name)
    {
        Before?.Invoke(FolderStep.RemovePartial, name);
        var error = Libc.Unlink(file);
        if (error is not (0 or Libc.Enoent))
            throw Libc.Failure(error);
    }
}
