namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Power states of machines.</summary>
internal static class VmPower
{
    public static void Register(MethodTable methods)
    {
        methods.Long("VM.pause", 1, c => Power(c, "Running", "Paused"));
        methods.Long("VM.unpause", 1, c => Power(c, "Paused", "Running"));
        methods.Long("VM.suspend", 1, Suspend);
        methods.Long("VM.resume", 3, c => Start(c, "Suspended", c.Flag(1), call: 0));
        methods.Long("VM.hard_shutdown", 1, c => ShutDown(c, hard: true));
        methods.Long("VM.clean_shutdown", 1, c => ShutDown(c, hard: false));
        methods.Long("VM.shutdown", 1, c => ShutDown(c, hard: true));
        methods.Long("VM.hard_reboot", 1, Reboot);
        methods.Long("VM.clean_reboot", 1, Reboot);
        methods.Long("VM.start", 3, c => Start(c, "Halted", c.Flag(1), call: 0));
        methods.Long("VM.start_on", 4, c => Start(c, "Halted", c.Flag(2), call: 1));
    }

    private static object? Power(Call call, string from, string to)
    {
        var vm = VmCalls.Reached(call);
        VmCalls.Expect(vm, from);
        vm.Switch(to);
        call.Db.Touch(vm);
        return null;
    }

    private static object? Suspend(Call call)
    {
        var vm = VmCalls.Reached(call);
        VmCalls.Expect(vm, "Running");
        VmCalls.Halt(call.Pool, vm, "Suspended");
        return null;
    }

    private static object? ShutDown(Call call, bool hard)
    {
        var vm = VmCalls.Reached(call);
        if (vm.PowerState == "Halted" || (!hard && vm.PowerState != "Running"))
            throw new XenError("VM_BAD_POWER_STATE", vm.Ref, "running", vm.PowerState.ToLowerInvariant());
        VmCalls.Halt(call.Pool, vm);
        return null;
    }

    private static object? Reboot(Call call)
    {
        VmCalls.Expect(VmCalls.Reached(call), "Running");
        return null;
    }

    /// <summary>Starts where the argument of this number names a host (0: where the disks are).</summary>
    private static object? Start(Call c, string from, bool paused, int call)
    {
        var vm = c.Row<VmRow>(0, "VM");
        VmCalls.Expect(vm, from);
        if (vm.IsTemplate || vm.IsSnapshot)
            throw new XenError("VM_IS_TEMPLATE", vm.Ref);
        var vbds = vm.Vbds(c.Db).ToList();
        var disks = vbds.FindAll(vbd => !vbd.IsEmpty);
        foreach (var vbd in disks)
            VdiCalls.Check(c.Pool, c.Db.Get<VdiRow>("VDI", vbd.Vdi), "start");
        var host = call > 0 ? c.Row<HostRow>(call, "host").Reachable().Ref
            : disks.Count == 0 ? c.Pool.Self.Master
            : c.Pool.Plugged(c.Db.Get<SrRow>("SR", c.Db.Get<VdiRow>("VDI", disks[0].Vdi).Sr)).Host;
        vbds.ForEach(vbd => VmCalls.Attach(c.Pool, vbd));
        vm.ResidentOn = host;
        vm.Switch(paused ? "Paused" : "Running");
        VifCalls.Follow(c.Pool, vm);
        c.Db.Touch(vm);
        return null;
    }
}
