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

    // A file as a real write makes it, up to the sync; never an object.
    private void Probe()
    {
        var probe = FolderPaths.Partial(_paths.Of("probe"));
        Before?.Invoke(FolderStep.CreatePartial, "probe");
        using (var file = Libc.Open(probe, Libc.WriteOnly | Libc.Create | Libc.Exclusive))
        {
            try
            {
                RandomAccess.Write(file, new byte[VerifyProbeBytes], 0);
                Libc.Sync(file);
            }
            finally
            {
                Libc.Unlink(probe);
            }
        }
    }

    private const int VerifyProbeBytes = 4096;
}
