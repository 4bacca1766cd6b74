namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Machines and their disks, as far as a backup meets them.</summary>
internal static class VmCalls
{
    public static void Register(MethodTable methods)
    {
        methods.Long("VM.pause", 1, c => Power(c, "Running", "Paused"));
        methods.Long("VM.unpause", 1, c => Power(c, "Paused", "Running"));
        methods.Long("VM.hard_shutdown", 1, ShutDown);
        methods.Long("VM.clean_shutdown", 1, ShutDown);
        methods.Long("VM.start", 3, Start);
        // Before 8.1 only Windows guests with the VSS provider could do it; there are none here.
        methods.Long("VM.snapshot_with_quiesce", 2, c => throw new XenError("VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED", c.Text(0), ""));
        methods.Long("VBD.create", 1, Create);
        methods.Long("VBD.plug", 1, Plug);
        methods.Long("VBD.unplug", 1, Unplug);
        methods.Long("VBD.destroy", 1, Destroy);
    }

    public static void Attach(Pool pool, VbdRow vbd)
    {
        vbd.Disk = pool.Disks.Open(pool.Db.Get<VdiRow>("VDI", vbd.Vdi));
        vbd.Attached = true;
        pool.Db.Touch(vbd);
    }

    public static void Detach(Pool pool, VbdRow vbd, bool destroy)
    {
        if (vbd.Attached && pool.Db.Find<VdiRow>(vbd.Vdi) is { } vdi)
            pool.Disks.Close(vdi);
        vbd.Attached = false;
        vbd.Disk = null;
        if (destroy)
            pool.Db.Remove(vbd);
        else
            pool.Db.Touch(vbd);
    }

    private static object? Power(Call call, string from, string to)
    {
        var vm = Reached(call);
        Expect(vm, from);
        vm.Switch(to);
        call.Db.Touch(vm);
        return null;
    }

    private static object? ShutDown(Call call)
    {
        var vm = Reached(call);
        if (vm.PowerState == "Halted")
            throw new XenError("VM_BAD_POWER_STATE", vm.Ref, "running", "halted");
        vm.Switch("Halted");
        vm.ResidentOn = Row.NullRef;
        foreach (var vbd in vm.Vbds(call.Db).ToList())
            Detach(call.Pool, vbd, destroy: false);
        call.Db.Touch(vm);
        return null;
    }

    private static object? Start(Call call)
    {
        var vm = call.Row<VmRow>(0, "VM");
        Expect(vm, "Halted");
        var vbds = vm.Vbds(call.Db).ToList();
        foreach (var vbd in vbds)
            VdiCalls.Check(call.Pool, call.Db.Get<VdiRow>("VDI", vbd.Vdi), "start");
        vbds.ForEach(vbd => Attach(call.Pool, vbd));
        vm.ResidentOn = vbds.Count == 0
            ? call.Pool.Self.Master
            : call.Pool.Plugged(call.Db.Get<SrRow>("SR", call.Db.Get<VdiRow>("VDI", vbds[0].Vdi).Sr)).Host;
        vm.Switch(call.Flag(1) ? "Paused" : "Running");
        call.Db.Touch(vm);
        return null;
    }

    private static VmRow Reached(Call call)
    {
        var vm = call.Row<VmRow>(0, "VM");
        if (vm.ResidentOn != Row.NullRef)
            call.Db.Get<HostRow>("host", vm.ResidentOn).Reachable();
        return vm;
    }

    private static void Expect(VmRow vm, string state)
    {
        if (vm.PowerState != state)
            throw new XenError("VM_BAD_POWER_STATE", vm.Ref, state.ToLowerInvariant(), vm.PowerState.ToLowerInvariant());
    }

    private static object? Create(Call call)
    {
        var fields = call.Struct(0);
        return call.Db.Add(new VbdRow(call.Pool.Ids.New())
        {
            Vm = call.Db.Get<VmRow>("VM", fields.Text("VM")).Ref,
            Vdi = call.Db.Get<VdiRow>("VDI", fields.Text("VDI")).Ref,
            UserDevice = fields.Text("userdevice"),
            Bootable = fields.Flag("bootable"),
            ReadOnly = fields.Text("mode") == "RO",
            Unpluggable = fields.Flag("unpluggable", true),
            OtherConfig = fields.Map("other_config"),
        }).Ref;
    }

    private static object? Plug(Call call)
    {
        var vbd = call.Row<VbdRow>(0, "VBD");
        var vm = call.Db.Get<VmRow>("VM", vbd.Vm);
        var vdi = call.Db.Get<VdiRow>("VDI", vbd.Vdi);
        if (vbd.Attached)
            throw new XenError("DEVICE_ALREADY_ATTACHED", vbd.Ref);
        Expect(vm, "Running");
        if (vdi.ReadOnly && !vbd.ReadOnly)
            throw new XenError("VDI_READONLY", vdi.Ref);
        VdiCalls.Check(call.Pool, vdi, vbd.ReadOnly ? "export" : "attach");
        Attach(call.Pool, vbd);
        return null;
    }

    private static object? Unplug(Call call)
    {
        var vbd = call.Row<VbdRow>(0, "VBD");
        if (!vbd.Attached)
            throw new XenError("DEVICE_ALREADY_DETACHED", vbd.Ref);
        if (!vbd.Unpluggable)
            throw new XenError("DEVICE_DETACH_REJECTED", "VBD", vbd.Ref, "not unpluggable");
        Detach(call.Pool, vbd, destroy: false);
        return null;
    }

    private static object? Destroy(Call call)
    {
        var vbd = call.Row<VbdRow>(0, "VBD");
        if (vbd.Attached)
            throw new XenError("OPERATION_NOT_ALLOWED", "VBD is currently attached");
        call.Db.Remove(vbd);
        return null;
    }
}
