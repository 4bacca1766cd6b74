namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Virtual disks.</summary>
internal static class VdiCalls
{
    // A machine that writes to the disk is no obstacle to these.
    private static readonly HashSet<string> WhileWritten = new(StringComparer.Ordinal) { "snapshot", "clone", "resize_online", "enable_cbt", "disable_cbt", "data_destroy" };
    private const long Rounding = 2L << 20;
    private const long Largest = 2040L << 30;

    public static void Register(MethodTable methods)
    {
        methods.Long("VDI.create", 1, Create);
        methods.Long("VDI.copy", 1, 4, Copy);
        methods.Long("VDI.destroy", 1, c =>
        {
            var vdi = c.Row<VdiRow>(0, "VDI");
            Check(c.Pool, vdi, "destroy");
            return SrJob.Run(c, c.Db.Get<SrRow>("SR", vdi.Sr), "vdi_destroy", () =>
            {
                Check(c.Pool, vdi, "destroy");
                CbtCalls.Removed(c.Pool, vdi);
                Remove(c.Pool, vdi);
                return null;
            });
        });
        VdiSnapshots.Register(methods);
        VdiRecords.Register(methods);
        VdiResize.Register(methods);
        CbtCalls.Register(methods);
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
            if (vbd.ReadOnly ? operation is not ("copy" or "snapshot" or "clone" or "export" or "enable_cbt" or "disable_cbt") : !WhileWritten.Contains(operation))
                throw new XenError("VDI_IN_USE", vdi.Ref, operation);
        if (vdi.Type == CbtCalls.MetadataType && operation is not ("destroy" or "forget"))
            throw new XenError("VDI_INCOMPATIBLE_TYPE", vdi.Ref, vdi.Type);
        if (needsSr)
            pool.Plugged(pool.Db.Get<SrRow>("SR", vdi.Sr));
    }

    /// <summary>Deletes the disk and its record.</summary>
    public static void Remove(Pool pool, VdiRow vdi)
    {
        var sr = pool.Db.Get<SrRow>("SR", vdi.Sr);
        SrCalls.CheckIdle(sr);
        if (vdi.Type != CbtCalls.MetadataType)
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
        CheckSize(vdi.VirtualSize);
        var sr = pool.Db.Get<SrRow>("SR", vdi.Sr);
        SrCalls.CheckIdle(sr);
        var attachment = pool.Plugged(sr).Attachment!;
        vdi.PhysicalUtilisation = pool.Driver(sr).CreateVdi(attachment, sr, vdi);
        (sr.PhysicalSize, sr.PhysicalUtilisation) = pool.Driver(sr).Space(attachment);
        return pool.Db.Add(vdi);
    }

    public static void CheckSize(long size)
    {
        if (size > Largest)
            throw XenError.Backend(79, "VDI Invalid size [opterr=VDI size must be between 1 MB and 2088960 MB]");
    }

    /// <summary>What Check would not refuse, as far as the record alone tells.</summary>
    public static IEnumerable<string> Allowed(Database db, VdiRow vdi)
    {
        if (!vdi.Managed || vdi.CurrentOperations.Count > 0)
            return vdi.CurrentOperations.Count > 0 && vdi.CurrentOperations.Values.All(o => o == "copy") ? ["copy"] : [];
        if (vdi.Type == CbtCalls.MetadataType)
            return ["forget", "destroy"];
        var attached = vdi.Vbds(db).Where(v => v.Attached).ToList();
        return attached.Count == 0 ? ["snapshot", "clone", "copy", "resize", "update", "forget", "destroy"]
            : attached.TrueForAll(v => v.ReadOnly) ? ["snapshot", "clone", "copy"]
            : ["snapshot", "clone"];
    }

    public static long Rounded(long size) => Math.Max(Rounding, (size + Rounding - 1) / Rounding * Rounding);

    private static object? Create(Call call)
    {
        var fields = call.Struct(0);
        var vdi = new VdiRow(call.Pool.Ids.New())
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
        };
        return SrJob.Run(call, call.Db.Get<SrRow>("SR", vdi.Sr), "vdi_create", () => Make(call.Pool, vdi).Ref);
    }

    private static object? Copy(Call call)
    {
        var pool = call.Pool;
        var source = call.Row<VdiRow>(0, "VDI");
        Check(pool, source, "copy");
        if (call.Text(2, Row.NullRef) != Row.NullRef)
            throw new XenError("OPERATION_NOT_ALLOWED", "base_vdi is not simulated: copy without it");
        var into = call.Text(3, Row.NullRef);
        if (into == Row.NullRef && call.Text(1, Row.NullRef) == Row.NullRef)
            throw new XenError("HANDLE_INVALID", "SR", Row.NullRef);
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
