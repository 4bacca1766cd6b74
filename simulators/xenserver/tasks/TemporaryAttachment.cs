namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// A disk attached to a host's control domain for an export, an import or an NBD connection. It goes by itself a moment after it was
/// let go, as the control domain unplugs it.
/// </summary>
internal sealed class TemporaryAttachment : IDisposable
{
    private readonly Pool _pool;
    private readonly VbdRow _vbd;

    private TemporaryAttachment(Pool pool, VbdRow vbd)
    {
        (_pool, _vbd) = (pool, vbd);
        Disk = vbd.Disk!;
    }

    public VhdDisk Disk { get; }

    /// <summary>Under the pool's lock.</summary>
    /// <exception cref="XenError">Something else holds the disk, or no host has its SR.</exception>
    public static TemporaryAttachment Make(Pool pool, HostRow host, VdiRow vdi, bool readOnly)
    {
        VdiCalls.Check(pool, vdi, readOnly ? "export" : "import");
        var vbd = new VbdRow(pool.Ids.New()) { Vm = pool.ControlDomain(host).Ref, Vdi = vdi.Ref, UserDevice = "autodetect", ReadOnly = readOnly };
        pool.Db.Add(vbd);
        try
        {
            VmCalls.Attach(pool, vbd);
        }
        catch
        {
            pool.Db.Remove(vbd);
            throw;
        }

        return new TemporaryAttachment(pool, vbd);
    }

    public void Dispose()
    {
        lock (_pool.Gate)
        {
            // A restart has detached it already.
            if (_vbd.Attached)
                _vbd.DetachAt = _pool.Now + _pool.Options.DetachLag;
            _pool.Step();
        }
    }
}
