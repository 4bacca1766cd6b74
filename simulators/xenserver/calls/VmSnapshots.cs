namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Snapshots, checkpoints and clones of machines: each a machine of its own with copies of all disks.</summary>
internal static class VmSnapshots
{
    public static void Register(MethodTable methods)
    {
        methods.Long("VM.snapshot", 2, 3, c => Copy(c, "Halted", snapshot: true, ignored: c.Count > 2 ? c.Set(2) : []));
        methods.Long("VM.checkpoint", 2, c => Copy(c, c.Row<VmRow>(0, "VM").PowerState == "Running" ? "Suspended" : "Halted", snapshot: true, ignored: []));
        methods.Long("VM.clone", 2, Clone);
        methods.Long("VM.revert", 1, Revert);
        methods.Long("VM.destroy", 1, Destroy);

        // Before 8.1 only Windows guests with the VSS provider could do it; there are none here. Since then it is removed.
        methods.Long("VM.snapshot_with_quiesce", 2, c => throw new XenError("VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED", c.Text(0), ""));
    }

    private static string Copy(Call call, string powerState, bool snapshot, IReadOnlyList<string> ignored)
    {
        var (pool, db) = (call.Pool, call.Db);
        var vm = VmCalls.Reached(call);
        if (vm.IsControlDomain)
            throw new XenError("OPERATION_NOT_ALLOWED", "operation not allowed on a control domain");
        var made = new VmRow(pool.Ids.New())
        {
            NameLabel = call.Text(1),
            NameDescription = vm.NameDescription,
            PowerState = powerState,
            OtherConfig = new(vm.OtherConfig, StringComparer.Ordinal),
            Tags = vm.Tags,
            Extra = new(vm.Extra, StringComparer.Ordinal),
            IsTemplate = snapshot,
            SnapshotOf = snapshot ? vm.Ref : Row.NullRef,
            SnapshotTime = snapshot ? pool.Now : null,
        };
        var disks = new List<(VbdRow Of, VdiRow Disk)>();
        try
        {
            foreach (var vbd in vm.Vbds(db).Where(v => !ignored.Contains(v.Vdi)).ToList())
            {
                var vdi = db.Get<VdiRow>("VDI", vbd.Vdi);
                disks.Add((vbd, snapshot ? VdiSnapshots.Snapshot(pool, vdi) : VdiSnapshots.Clone(pool, vdi)));
            }
        }
        catch
        {
            disks.ForEach(d => VdiCalls.Remove(pool, d.Disk));
            throw;
        }

        db.Add(made);
        foreach (var (of, disk) in disks)
            db.Add(new VbdRow(pool.Ids.New()) { Vm = made.Ref, Vdi = disk.Ref, UserDevice = of.UserDevice, Bootable = of.Bootable, ReadOnly = of.ReadOnly, Unpluggable = of.Unpluggable });
        db.Touch(vm);
        return made.Ref;
    }

    private static object? Clone(Call call)
    {
        var vm = call.Row<VmRow>(0, "VM");
        if (vm.PowerState is not ("Halted" or "Suspended"))
            throw new XenError("VM_BAD_POWER_STATE", vm.Ref, "halted", vm.PowerState.ToLowerInvariant());
        return Copy(call, "Halted", snapshot: false, ignored: []);
    }

    /// <summary>The machine gets copies of the snapshot's disks in place of its own.</summary>
    private static object? Revert(Call call)
    {
        var (pool, db) = (call.Pool, call.Db);
        var snapshot = call.Row<VmRow>(0, "VM");
        if (!snapshot.IsSnapshot)
            throw new XenError("OPERATION_NOT_ALLOWED", "Only snapshots can be reverted");
        var vm = db.Find<VmRow>(snapshot.SnapshotOf) ?? throw new XenError("VM_REVERT_FAILED", snapshot.Ref);
        VmCalls.Halt(pool, vm);
        foreach (var vbd in vm.Vbds(db).ToList())
        {
            db.Remove(vbd);
            if (db.Find<VdiRow>(vbd.Vdi) is { } old)
                VdiCalls.Remove(pool, old);
        }

        foreach (var vbd in snapshot.Vbds(db).ToList())
        {
            var disk = VdiSnapshots.Clone(pool, db.Get<VdiRow>("VDI", vbd.Vdi));
            db.Add(new VbdRow(pool.Ids.New()) { Vm = vm.Ref, Vdi = disk.Ref, UserDevice = vbd.UserDevice, Bootable = vbd.Bootable, ReadOnly = vbd.ReadOnly });
        }

        db.Touch(vm);
        return null;
    }

    /// <summary>The record goes; disks stay, as in the API (clients destroy them one by one).</summary>
    private static object? Destroy(Call call)
    {
        var vm = call.Row<VmRow>(0, "VM");
        if (vm.PowerState is not ("Halted" or "Suspended"))
            throw new XenError("VM_BAD_POWER_STATE", vm.Ref, "halted", vm.PowerState.ToLowerInvariant());
        foreach (var vbd in vm.Vbds(call.Db).ToList())
            VmCalls.Detach(call.Pool, vbd, destroy: true);
        call.Db.Remove(vm);
        return null;
    }
}
