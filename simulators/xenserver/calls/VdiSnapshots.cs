namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Copies of a disk inside its own SR.</summary>
/// <remarks>A real pool makes a chain of VHDs; here each is a full copy, which a reader of records cannot tell.</remarks>
internal static class VdiSnapshots
{
    public static void Register(MethodTable methods)
    {
        methods.Long("VDI.snapshot", 1, 2, c => Snapshot(c.Pool, c.Row<VdiRow>(0, "VDI")).Ref);
        methods.Long("VDI.clone", 1, 2, c => Clone(c.Pool, c.Row<VdiRow>(0, "VDI")).Ref);
    }

    public static VdiRow Snapshot(Pool pool, VdiRow vdi)
    {
        VdiCalls.Check(pool, vdi, "snapshot");
        var snapshot = Like(pool, vdi, isSnapshot: true);
        Fill(pool, vdi, snapshot);
        CbtCalls.SnapshotTaken(vdi, snapshot);
        return snapshot;
    }

    public static VdiRow Clone(Pool pool, VdiRow vdi)
    {
        VdiCalls.Check(pool, vdi, "clone");
        var clone = Like(pool, vdi, isSnapshot: false);
        Fill(pool, vdi, clone);
        return clone;
    }

    /// <summary>Writes what one disk holds into another that is new.</summary>
    public static void CopyBlocks(VhdDisk from, VhdDisk to)
    {
        var buffer = new byte[VhdHeader.BlockSize];
        foreach (var (offset, length) in from.AllocatedExtents())
        {
            for (long at = 0; at < length; at += buffer.Length)
            {
                var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at));
                from.Read(offset + at, piece);
                to.Write(offset + at, piece);
            }
        }
    }

    private static VdiRow Like(Pool pool, VdiRow vdi, bool isSnapshot) => new(pool.Ids.New())
    {
        Sr = vdi.Sr,
        NameLabel = vdi.NameLabel,
        NameDescription = vdi.NameDescription,
        VirtualSize = vdi.VirtualSize,
        Type = vdi.Type,
        Sharable = vdi.Sharable,
        IsSnapshot = isSnapshot,
        SnapshotOf = isSnapshot ? vdi.Ref : Row.NullRef,
        SnapshotTime = isSnapshot ? pool.Now : null,
        OtherConfig = new(vdi.OtherConfig, StringComparer.Ordinal),
        XenstoreData = new(vdi.XenstoreData, StringComparer.Ordinal),
        SmConfig = new(StringComparer.Ordinal) { ["vdi_type"] = "vhd" },
    };

    private static void Fill(Pool pool, VdiRow vdi, VdiRow made)
    {
        var from = pool.Disks.Open(vdi);
        try
        {
            var sr = pool.Db.Get<SrRow>("SR", vdi.Sr);
            if (pool.Driver(sr) is LvmOverIscsiDriver lvm)
            {
                // As thick as what it holds: a snapshot is not written to. A clone is, so it gets its full size.
                var bytes = made.IsSnapshot ? new VhdLayout(vdi.VirtualSize).SizeWith(from.AllocatedBlocks) : VhdLayout.FullSize(vdi.VirtualSize);
                made.PhysicalUtilisation = lvm.CreateVolume(pool.Plugged(sr).Attachment!, sr, made, bytes);
                pool.Db.Add(made);
            }
            else
            {
                VdiCalls.Make(pool, made);
            }

            CopyBlocks(from, pool.Disks.Open(made));
            pool.Disks.Close(made);
            made.PhysicalUtilisation = pool.Driver(sr).PhysicalSize(pool.Plugged(sr).Attachment!, made.Uuid);
        }
        finally
        {
            pool.Disks.Close(vdi);
        }
    }
}
