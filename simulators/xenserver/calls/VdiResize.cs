namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Growing a disk. Its table of blocks has no room to grow in place, so the disk is written anew beside itself.</summary>
internal static class VdiResize
{
    public static void Register(MethodTable methods)
    {
        methods.Long("VDI.resize", 2, c => Resize(c, "resize"));
        methods.Long("VDI.resize_online", 2, c => Resize(c, "resize_online"));
    }

    private static object? Resize(Call call, string operation)
    {
        var pool = call.Pool;
        var vdi = call.Row<VdiRow>(0, "VDI");
        VdiCalls.Check(pool, vdi, operation);
        var size = VdiCalls.Rounded(call.Size(1));
        if (size < vdi.VirtualSize)
            throw XenError.Backend(79, "VDI Invalid size [opterr=shrinking not allowed]");
        VdiCalls.CheckSize(size);
        if (size == vdi.VirtualSize)
            return null;
        var sr = call.Db.Get<SrRow>("SR", vdi.Sr);
        var driver = pool.Driver(sr);
        var attachment = pool.Plugged(sr).Attachment!;
        var old = pool.Disks.Open(vdi);
        try
        {
            driver.Replace(attachment, sr, vdi, size, disk => VdiSnapshots.CopyBlocks(old, disk));
        }
        finally
        {
            pool.Disks.Close(vdi);
        }

        vdi.VirtualSize = size;
        vdi.PhysicalUtilisation = driver.PhysicalSize(attachment, vdi.Uuid);
        vdi.Changes?.Grow(size);
        call.Db.Touch(vdi);
        return null;
    }
}
