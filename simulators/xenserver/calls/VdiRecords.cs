namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Records of disks that are there already: forget, introduce, update, names.</summary>
internal static class VdiRecords
{
    public static void Register(MethodTable methods)
    {
        methods.Long("VDI.forget", 1, c =>
        {
            var vdi = c.Row<VdiRow>(0, "VDI");
            VdiCalls.Check(c.Pool, vdi, "forget", needsSr: false);
            VdiCalls.Forget(c.Pool, vdi);
            return null;
        });
        methods.Long("VDI.introduce", 9, 18, Introduce);
        methods.Long("VDI.update", 1, Update);
        methods.Long("VDI.set_name_label", 2, c => Rename(c, v => v.NameLabel = c.Text(1)));
        methods.Long("VDI.set_name_description", 2, c => Rename(c, v => v.NameDescription = c.Text(1)));
    }

    /// <summary>A record for a disk that its SR holds; the location is the disk's uuid.</summary>
    private static object? Introduce(Call call)
    {
        var sr = call.Row<SrRow>(3, "SR");
        var location = call.Text(8);
        if (sr.Vdis(call.Db).Any(v => v.Uuid == location))
            throw new XenError("LOCATION_NOT_UNIQUE", sr.Ref, location);
        var attachment = call.Pool.Plugged(sr).Attachment!;
        // The number is a guess: SM's table has 65 for a disk that cannot be loaded.
        var found = call.Pool.Driver(sr).Scan(attachment).FirstOrDefault(f => f.Uuid == location)
            ?? throw XenError.Backend(65, $"Unable to load VDI [opterr={location} is not in the SR]");
        if (call.Db.FindByUuid<VdiRow>(found.Uuid) is not null)
            throw XenError.Internal($"Db_exn.Uniqueness_constraint_violation(\"VDI\", \"uuid\", \"{found.Uuid}\")");
        return call.Db.Add(new VdiRow(found.Uuid)
        {
            Ref = "OpaqueRef:" + call.Pool.Ids.New(),
            Sr = sr.Ref,
            NameLabel = call.Text(1),
            NameDescription = call.Text(2),
            Type = call.Text(4),
            Sharable = call.Flag(5),
            ReadOnly = call.Flag(6),
            OtherConfig = call.Map(7),
            XenstoreData = call.Map(9),
            SmConfig = call.Map(10),
            VirtualSize = found.VirtualSize,
            PhysicalUtilisation = found.PhysicalUtilisation,
            IsSnapshot = found.IsSnapshot,
        }).Ref;
    }

    private static object? Update(Call call)
    {
        var vdi = call.Row<VdiRow>(0, "VDI");
        var sr = call.Db.Get<SrRow>("SR", vdi.Sr);
        vdi.PhysicalUtilisation = call.Pool.Driver(sr).PhysicalSize(call.Pool.Plugged(sr).Attachment!, vdi.Uuid);
        call.Db.Touch(vdi);
        return null;
    }

    private static object? Rename(Call call, Action<VdiRow> change)
    {
        var vdi = call.Row<VdiRow>(0, "VDI");
        call.Pool.Plugged(call.Db.Get<SrRow>("SR", vdi.Sr));
        change(vdi);
        call.Db.Touch(vdi);
        return null;
    }
}
