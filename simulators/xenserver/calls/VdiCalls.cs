namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Virtual disks.</summary>
internal static class VdiCalls
{
    private const long Rounding = 2L << 20;
    private const long Largest = 2040L << 30;

    public static void Register(MethodTable methods)
    {
        methods.Long("VDI.create", 1, Create);
        methods.Long("VDI.copy", 2, 4, Copy);
        methods.Long("VDI.snapshot", 1, 2, c => Snapshot(c.Pool, c.Row<VdiRow>(0, "VDI")).Ref);
        methods.Long("VDI.destroy", 1, c =>
        {
            var vdi = c.Row<VdiRow>(0, "VDI");
            Check(c.Pool, vdi, "destroy");
            Remove(c.Pool, vdi);
            return null;
        });
        methods.Long("VDI.forget", 1, c =>
        {
            var vdi = c.Row<VdiRow>(0, "VDI");
            Check(c.Pool, vdi, "forget", needsSr: false);
            Forget(c.Pool, vdi);
            return null;
        });
    }

    /// <summary>Refuses what may not run beside what already runs.</summary>
    public static void Check(Pool pool, VdiRow vdi, string operation, bool needsSr = true)
    {
        if (!vdi.Managed)
            throw new XenError("VDI_NOT_MANAGED", vdi.Ref);
        foreach (var (task, current) in vdi.CurrentOperations)
        {
            if (current == "copy" && operation == "copy")
                continue;
            throw operation == "snapshot" && current == "copy"
                ? new XenError("OPERATION_NOT_ALLOWED", "VDI is being copied")
                : new XenError("OTHER_OPERATION_IN_PROGRESS", "VDI", vdi.Ref, current, task);
        }

        foreach (var vbd in vdi.Vbds(pool.Db).Where(v => v.Attached))
            if (vbd.ReadOnly ? operation is not ("copy" or "snapshot" or "export") : operation != "snapshot")
                throw new XenError("VDI_IN_USE", vdi.Ref, operation);
        if (needsSr)
            pool.Plugged(pool.Db.Get<SrRow>("SR", vdi.Sr));
    }

    /// <summary>Deletes the disk and its record.</summary>
    public static void Remove(Pool pool, VdiRow vdi)
    {
        var sr = pool.Db.Get<SrRow>("SR", vdi.Sr);
        pool.Driver(sr).DestroyVdi(pool.Plugged(sr).Attachment!, sr, vdi.Uuid);
        Forget(pool, vdi);
    }

    /// <summary>Deletes the record alone.</summary>
    public static void Forget(Pool pool, VdiRow vdi)
    {
        foreach (var vbd in vdi.Vbds(pool.Db).ToList())
            VmCalls.Detach(pool, vbd, destroy: true);
        pool.Db.Remove(vdi);
    }

    public static VdiRow Make(Pool pool, VdiRow vdi)
    {
        if (vdi.VirtualSize > Largest)
            throw XenError.Backend(79, "VDI Invalid size [opterr=VDI size must be between 1 MB and 2088960 MB]");
        var sr = pool.Db.Get<SrRow>("SR", vdi.Sr);
        var attachment = pool.Plugged(sr).Attachment!;
        vdi.PhysicalUtilisation = pool.Driver(sr).CreateVdi(attachment, sr, vdi);
        (sr.PhysicalSize, sr.PhysicalUtilisation) = pool.Driver(sr).Space(attachment);
        return pool.Db.Add(vdi);
    }

    public static long Rounded(long size) => Math.Max(Rounding, (size + Rounding - 1) / Rounding * Rounding);

    /// <summary>
    /// A frozen copy of the disk in the same SR. A real pool makes a chain of VHDs instead; to a reader of records both are one more
    /// VDI with is_a_snapshot.
    /// </summary>
    public static VdiRow Snapshot(Pool pool, VdiRow vdi)
    {
        Check(pool, vdi, "snapshot");
        var sr = pool.Db.Get<SrRow>("SR", vdi.Sr);
        var snapshot = new VdiRow(pool.Ids.New())
        {
            Sr = vdi.Sr, NameLabel = vdi.NameLabel, NameDescription = vdi.NameDescription, VirtualSize = vdi.VirtualSize, Type = vdi.Type,
            IsSnapshot = true, SnapshotOf = vdi.Ref, SnapshotTime = pool.Now, SmConfig = new(StringComparer.Ordinal) { ["vdi_type"] = "vhd" },
        };
        var from = pool.Disks.Open(vdi);
        try
        {
            if (pool.Driver(sr) is LvmOverIscsiDriver lvm)
            {
                var bytes = new VhdLayout(vdi.VirtualSize).SizeWith(from.AllocatedBlocks);
                snapshot.PhysicalUtilisation = lvm.CreateVolume(pool.Plugged(sr).Attachment!, sr, snapshot, bytes);
                pool.Db.Add(snapshot);
            }
            else
            {
                Make(pool, snapshot);
            }

            var to = pool.Disks.Open(snapshot);
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

            pool.Disks.Close(snapshot);
        }
        finally
        {
            pool.Disks.Close(vdi);
        }

        return snapshot;
    }

    private static object? Create(Call call)
    {
        var fields = call.Struct(0);
        return Make(call.Pool, new VdiRow(call.Pool.Ids.New())
        {
            Sr = call.Db.Get<SrRow>("SR", fields.Text("SR")).Ref,
            NameLabel = fields.Text("name_label", ""),
            NameDescription = fields.Text("name_description", ""),
            VirtualSize = Rounded(fields.Size("virtual_size")),
            Type = fields.Text("type"),
            Sharable = fields.Flag("sharable"),
            ReadOnly = fields.Flag("read_only"),
            OtherConfig = fields.Map("other_config", required: true),
            XenstoreData = fields.Map("xenstore_data"),
            SmConfig = fields.Map("sm_config"),
            Tags = fields.Set("tags"),
        }).Ref;
    }

    private static object? Copy(Call call)
    {
        var pool = call.Pool;
        var source = call.Row<VdiRow>(0, "VDI");
        Check(pool, source, "copy");
        if (call.Text(2, Row.NullRef) != Row.NullRef)
            throw new XenError("OPERATION_NOT_ALLOWED", "base_vdi is not simulated: copy without it");
        var into = call.Text(3, Row.NullRef);
        if (into == Row.NullRef)
            return new CopyJob(call, source, Destination(call, source), made: true);
        var destination = call.Db.Get<VdiRow>("VDI", into);
        Check(pool, destination, "copy into");
        if (destination.ReadOnly)
            throw new XenError("VDI_READONLY", destination.Ref);
        if (destination.VirtualSize < source.VirtualSize)
            throw new XenError("VDI_TOO_SMALL", destination.Ref, source.VirtualSize.ToString());
        var sr = call.Db.Get<SrRow>("SR", destination.Sr);
        if (pool.Driver(sr).IsFull(pool.Plugged(sr).Attachment!))
            throw new XenError("SR_FULL", source.VirtualSize.ToString(), "0");
        return new CopyJob(call, source, destination, made: false);
    }

    private static VdiRow Destination(Call call, VdiRow source) => Make(call.Pool, new VdiRow(call.Pool.Ids.New())
    {
        Sr = call.Row<SrRow>(1, "SR").Ref,
        NameLabel = source.NameLabel,
        NameDescription = source.NameDescription,
        VirtualSize = source.VirtualSize,
        Type = source.Type,
        Sharable = source.Sharable,
        OtherConfig = new(source.OtherConfig, StringComparer.Ordinal),
        XenstoreData = source.XenstoreData,
        Tags = source.Tags,
    });
}
