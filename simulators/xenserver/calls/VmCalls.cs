namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Machines and their disks, as far as a backup meets them.</summary>
internal static class VmCalls
{
    public static void Register(MethodTable methods)
    {
        methods.Long("VM.create", 1, Make);
        methods.Sync("VM.get_allowed_VBD_devices", 1, c =>
        {
            var taken = c.Row<VmRow>(0, "VM").Vbds(c.Db).Select(v => v.UserDevice).ToHashSet(StringComparer.Ordinal);
            return Enumerable.Range(0, 16).Select(n => n.ToString()).Where(n => !taken.Contains(n)).Select(object? (n) => n).ToList();
        });
        methods.Long("VBD.create", 1, Create);
        methods.Long("VBD.plug", 1, Plug);
        methods.Long("VBD.unplug", 1, Unplug);
        methods.Long("VBD.unplug_force", 1, Unplug);
        methods.Long("VBD.insert", 2, Insert);
        methods.Long("VBD.eject", 1, Eject);
        methods.Long("VBD.destroy", 1, Destroy);
        VmPower.Register(methods);
        VmSnapshots.Register(methods);
    }

    public static void Attach(Pool pool, VbdRow vbd)
    {
        vbd.Disk = vbd.IsEmpty ? null : pool.Disks.Open(pool.Db.Get<VdiRow>("VDI", vbd.Vdi));
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

    public static void Halt(Pool pool, VmRow vm, string state = "Halted")
    {
        vm.Switch(state);
        vm.ResidentOn = Row.NullRef;
        foreach (var vbd in vm.Vbds(pool.Db).ToList())
            Detach(pool, vbd, destroy: false);
        VifCalls.Follow(pool, vm);
        pool.Db.Touch(vm);
    }

    /// <summary>The machine of the first argument, whose host must answer.</summary>
    public static VmRow Reached(Call call)
    {
        var vm = call.Row<VmRow>(0, "VM");
        if (vm.ResidentOn != Row.NullRef)
            call.Db.Get<HostRow>("host", vm.ResidentOn).Reachable();
        return vm;
    }

    public static void Expect(VmRow vm, string state)
    {
        if (vm.PowerState != state)
            throw new XenError("VM_BAD_POWER_STATE", vm.Ref, state.ToLowerInvariant(), vm.PowerState.ToLowerInvariant());
    }

    /// <summary>Only what a backup looks at has an effect; the rest of the struct is kept as it came.</summary>
    private static object? Make(Call call)
    {
        var fields = call.Struct(0);
        var vm = new VmRow(call.Pool.Ids.New())
        {
            NameLabel = fields.Text("name_label", ""),
            NameDescription = fields.Text("name_description", ""),
            OtherConfig = fields.Map("other_config"),
            IsTemplate = fields.Flag("is_a_template", false),
        };
        foreach (var (name, value) in fields.Others("name_label", "name_description", "other_config", "is_a_template", "power_state", "uuid"))
            if (DataModel.Classes["VM"].Fields.TryGetValue(name, out var field))
                vm.Extra[name] = RecordCalls.Typed(field, value);
        return call.Db.Add(vm).Ref;
    }

    private static object? Create(Call call)
    {
        var fields = call.Struct(0);
        var vm = call.Db.Get<VmRow>("VM", fields.Text("VM"));
        var (type, isEmpty) = (fields.Text("type", "Disk"), fields.Flag("empty", false));
        if (type is not ("Disk" or "CD"))
            throw new XenError("FIELD_TYPE_ERROR", "type");
        if (isEmpty && type != "CD")
            throw new XenError("VBD_NOT_REMOVABLE_MEDIA", Row.NullRef);
        var vdi = isEmpty ? Row.NullRef : call.Db.Get<VdiRow>("VDI", fields.Text("VDI")).Ref;
        var device = fields.Text("userdevice");
        if (device == "autodetect" && !vm.IsControlDomain)
            device = Enumerable.Range(0, 255).Select(n => n.ToString()).First(n => vm.Vbds(call.Db).All(v => v.UserDevice != n));
        if (device != "autodetect" && vm.Vbds(call.Db).Any(v => v.UserDevice == device))
            throw new XenError("DEVICE_ALREADY_EXISTS", device);
        if (fields.Text("mode") is not ("RO" or "RW"))
            throw new XenError("FIELD_TYPE_ERROR", "mode");
        if (type == "CD" && fields.Text("mode") != "RO")
            throw new XenError("VBD_CDS_MUST_BE_READONLY");
        return call.Db.Add(new VbdRow(call.Pool.Ids.New())
        {
            Vm = vm.Ref,
            Vdi = vdi,
            Type = type,
            UserDevice = device,
            Bootable = fields.Flag("bootable", false),
            ReadOnly = fields.Text("mode") == "RO",
            Unpluggable = fields.Flag("unpluggable", true),
            OtherConfig = fields.Map("other_config"),
        }).Ref;
    }

    private static object? Plug(Call call)
    {
        var vbd = call.Row<VbdRow>(0, "VBD");
        var vm = call.Db.Get<VmRow>("VM", vbd.Vm);
        if (vbd.Attached)
            throw new XenError("DEVICE_ALREADY_ATTACHED", vbd.Ref);
        Expect(vm, "Running");
        if (vbd.IsEmpty)
            throw new XenError("VBD_IS_EMPTY", vbd.Ref);
        var vdi = call.Db.Get<VdiRow>("VDI", vbd.Vdi);
        if (vdi.ReadOnly && !vbd.ReadOnly)
            throw new XenError("VDI_READONLY", vdi.Ref);
        VdiCalls.Check(call.Pool, vdi, vbd.ReadOnly ? "export" : "attach");
        Attach(call.Pool, vbd);
        return null;
    }

    /// <summary>A disc into a drive; a running machine sees it at once.</summary>
    private static object? Insert(Call call)
    {
        var vbd = call.Row<VbdRow>(0, "VBD");
        var vdi = call.Row<VdiRow>(1, "VDI");
        if (vbd.Type != "CD")
            throw new XenError("VBD_NOT_REMOVABLE_MEDIA", vbd.Ref);
        if (!vbd.IsEmpty)
            throw new XenError("VBD_NOT_EMPTY", vbd.Ref);
        VdiCalls.Check(call.Pool, vdi, "export");
        vbd.Vdi = vdi.Ref;
        if (vbd.Attached)
            Attach(call.Pool, vbd);
        call.Db.Touch(vbd);
        return null;
    }

    private static object? Eject(Call call)
    {
        var vbd = call.Row<VbdRow>(0, "VBD");
        if (vbd.Type != "CD")
            throw new XenError("VBD_NOT_REMOVABLE_MEDIA", vbd.Ref);
        if (vbd.IsEmpty)
            throw new XenError("VBD_IS_EMPTY", vbd.Ref);
        var attached = vbd.Attached;
        Detach(call.Pool, vbd, destroy: false);
        (vbd.Vdi, vbd.Attached) = (Row.NullRef, attached);
        call.Db.Touch(vbd);
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
