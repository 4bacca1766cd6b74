namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Changed block tracking (XenServer 7.3 and later).</summary>
internal static class CbtCalls
{
    public const string MetadataType = "cbt_metadata";

    public static void Register(MethodTable methods)
    {
        methods.Long("VDI.enable_cbt", 1, c => Switch(c, on: true));
        methods.Long("VDI.disable_cbt", 1, c => Switch(c, on: false));
        methods.Long("VDI.data_destroy", 1, DestroyData);
        methods.Long("VDI.list_changed_blocks", 2, Changed);
    }

    /// <summary>A snapshot takes over the log of its disk; the disk begins a new one at the snapshot.</summary>
    public static void SnapshotTaken(VdiRow disk, VdiRow snapshot)
    {
        if (disk.Changes is null)
            return;
        snapshot.Changes = disk.Changes;
        disk.Changes = new ChangeLog(disk.VirtualSize, snapshot.Uuid);
    }

    /// <summary>What the log of a disk that goes says is handed on to the disks that begin at it.</summary>
    public static void Removed(Pool pool, VdiRow vdi)
    {
        if (vdi.Changes is null)
            return;
        foreach (var child in pool.Db.All<VdiRow>().Where(v => v.Changes?.Parent == vdi.Uuid))
            child.Changes!.Merge(vdi.Changes);
    }

    private static object? Switch(Call call, bool on)
    {
        var vdi = call.Row<VdiRow>(0, "VDI");
        if (vdi.Changes is not null == on)
            return null;
        if (vdi.IsSnapshot)
            throw new XenError("OPERATION_NOT_ALLOWED", "VDI is a snapshot: " + vdi.Ref);
        if (vdi.Type is not ("user" or "system"))
            throw new XenError("VDI_INCOMPATIBLE_TYPE", vdi.Ref, vdi.Type);
        VdiCalls.Check(call.Pool, vdi, on ? "enable_cbt" : "disable_cbt");
        if (!on)
            Removed(call.Pool, vdi);
        vdi.Changes = on ? new ChangeLog(vdi.VirtualSize, parent: null) : null;
        call.Db.Touch(vdi);
        return null;
    }

    private static object? DestroyData(Call call)
    {
        var vdi = call.Row<VdiRow>(0, "VDI");
        if (vdi.Type == MetadataType)
            return null;
        if (!vdi.IsSnapshot)
            throw new XenError("OPERATION_NOT_ALLOWED", "VDI is not a snapshot: " + vdi.Ref);
        if (vdi.Changes is null)
            throw new XenError("VDI_NO_CBT_METADATA", vdi.Ref);
        VdiCalls.Check(call.Pool, vdi, "data_destroy");
        var sr = call.Db.Get<SrRow>("SR", vdi.Sr);
        call.Pool.Driver(sr).DestroyVdi(call.Pool.Plugged(sr).Attachment!, sr, vdi.Uuid);
        (vdi.Type, vdi.PhysicalUtilisation) = (MetadataType, 0);
        call.Db.Touch(vdi);
        return null;
    }

    /// <summary>Walks from the later disk back to the earlier one and joins what the logs on the way say.</summary>
    private static object? Changed(Call call)
    {
        var from = call.Row<VdiRow>(0, "VDI");
        var to = call.Row<VdiRow>(1, "VDI");
        call.Pool.Plugged(call.Db.Get<SrRow>("SR", to.Sr));
        if (to.Vbds(call.Db).Any(v => v.Attached))
            throw new XenError("VDI_IN_USE", to.Ref, "list_changed_blocks");
        if (from.Changes is null || to.Changes is null)
            throw Failed("Changed block tracking is not enabled for both VDIs");
        var bits = new byte[to.Changes.Bits.Length];
        var at = to;
        while (at != from)
        {
            var log = at.Changes!.Bits;
            for (var i = 0; i < Math.Min(bits.Length, log.Length); i++)
                bits[i] |= log[i];
            at = at.Changes.Parent is { } parent ? call.Db.FindByUuid<VdiRow>(parent) : null;
            if (at?.Changes is null)
                throw Failed("Source and target VDI are unrelated");
        }

        return Convert.ToBase64String(bits);
    }

    private static XenError Failed(string detail) => XenError.Backend(460, $"Failed to calculate changed blocks for given VDIs. [opterr={detail}]");
}
