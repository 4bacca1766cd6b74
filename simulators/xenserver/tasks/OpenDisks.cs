namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>VHDs that are open, one instance for each VDI however many use it, so that all see the same table.</summary>
internal sealed class OpenDisks(Pool pool)
{
    private readonly Dictionary<string, (VhdDisk Disk, IDisposable? Handle, int Users)> _open = new(StringComparer.Ordinal);

    public VhdDisk Open(VdiRow vdi)
    {
        if (_open.TryGetValue(vdi.Ref, out var open))
        {
            _open[vdi.Ref] = open with { Users = open.Users + 1 };
            return open.Disk;
        }

        var sr = pool.Db.Get<SrRow>("SR", vdi.Sr);
        var (disk, handle) = pool.Driver(sr).Open(pool.Plugged(sr).Attachment!, vdi.Uuid);
        disk.Written = (offset, length) => vdi.Changes?.Mark(offset, length);
        _open[vdi.Ref] = (disk, handle, 1);
        return disk;
    }

    public void Close(VdiRow vdi)
    {
        if (!_open.TryGetValue(vdi.Ref, out var open))
            return;
        if (open.Users > 1)
        {
            _open[vdi.Ref] = open with { Users = open.Users - 1 };
            return;
        }

        _open.Remove(vdi.Ref);
        open.Handle?.Dispose();
    }
}
