using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Secondary.Nfs;

public sealed partial class FolderStore
{
    public Task<StoreCheck> CheckAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        bool? mounted = null;
        var writable = false;
        long free = 0, total = 0;
        SecondaryStoreException? fault = null;
        try
        {
            var mount = _paths.EnsureThere();
            mounted = mount is null ? null : true;
            var drive = new DriveInfo(_paths.Root);
            (free, total) = (drive.AvailableFreeSpace, drive.TotalSize);
            Probe();
            writable = true;
            _paths.EnsureStill(mount);
            _paths.EnsureSpace();
            EnsureNothingInTheWay();
        }
        catch (SecondaryStoreException e)
        {
            fault = e;
            mounted = e.Code == StoreCodes.NotMounted ? false : mounted;
        }
        catch (Exception e) when (FolderErrors.IsOurs(e))
        {
            fault = FolderErrors.Map(e, Name, "The write probe");
        }
        return Task.FromResult(new StoreCheck(mounted, writable, free, total, fault));
    }

    // All that we write lies beneath one folder, which the first copy makes.
    private void EnsureNothingInTheWay()
    {
        var folder = SnapshotLocations.Prefix.TrimEnd('/');
        if (Libc.Find(_paths.Of(folder)) is { IsFolder: false })
        {
            throw new SecondaryStoreException(StoreCodes.Exists, $"'{folder}' in the folder of destination '{Name}' is not a folder, so nothing can be written beneath it.",
                "Find out who made it, and move it away.");
        }
    }

    // A file as a real write makes it, up to the sync; never an object. Its name goes first, so that a death leaves nothing: on NFS too, whose client renames it and removes it with the last close.
    private void Probe()
    {
        var probe = _paths.Probe();
        Before?.Invoke(FolderStep.CreatePartial, ProbeName);
        using var file = Libc.Open(probe, Libc.WriteOnly | Libc.Create | Libc.Exclusive);
        FileStat? made;
        try
        {
            made = Libc.Find(probe);
        }
        finally
        {
            RemovePartial(probe, ProbeName);
        }
        Before?.Invoke(FolderStep.WritePartial, ProbeName);
        RandomAccess.Write(file, new byte[VerifyProbeBytes], 0);
        Libc.Sync(file);
        if (made is { } now)
            SweepProbes(new DateTimeOffset(now.ModifiedUtc) - s_probeAge);
    }

    // Left by checks that died between the opening and the removal, and by versions that removed it last. Old by the file system's own clock.
    private void SweepProbes(DateTimeOffset untouchedSince)
    {
        foreach (var file in Directory.EnumerateFiles(_paths.Root, "*" + StoreName.UnfinishedSuffix, s_oneLevel))
        {
            // One that cannot be removed does no harm: the store is no less usable for it.
            if (FolderPaths.IsProbe(Path.GetFileName(file)) && Libc.Find(file, followLink: false) is { } old && new DateTimeOffset(old.ModifiedUtc) < untouchedSince)
                _ = Libc.Unlink(file);
        }
    }

    private const string ProbeName = "probe";

    private const int VerifyProbeBytes = 4096;

    private static readonly TimeSpan s_probeAge = TimeSpan.FromHours(1);
}
