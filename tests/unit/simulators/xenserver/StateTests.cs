namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

public sealed class StateTests
{
    [Fact]
    public void A_pool_comes_back_with_all_that_was_answered()
    {
        var store = new MemoryState();
        using var first = new PoolRig(state: store);
        var (lun, sr, uuid, content) = first.Volume();
        var vmUuid = first.World.CreateRunningVm("guest", uuid);
        var vdi = first.Call("VDI.get_by_uuid", uuid);
        first.Value("VDI.add_to_other_config", vdi, "swf", "k1");
        first.Value("VDI.enable_cbt", vdi);
        var snapshot = first.Call("VDI.snapshot", vdi);
        first.World.WriteVdi(uuid, 65536, [1]);
        first.Value("VM.set_platform", first.Call("VM.get_by_uuid", vmUuid), new System.Text.Json.Nodes.JsonObject { ["nx"] = "true" });
        first.Simulator.Step();
        var session = first.Session;
        var host = first.Simulator.Hosts[0].Uuid;

        using var second = new PoolRig(first.Fabric, state: store);
        Assert.Equal("SESSION_INVALID", Assert.Throws<ApiFailure>(() => second.Raw("pool.get_all", session)).Code);
        Assert.Equal(host, second.Simulator.Hosts[0].Uuid);
        Assert.Equal(vdi, second.Call("VDI.get_by_uuid", uuid));
        Assert.Equal("k1", second.Value("VDI.get_other_config", vdi)["swf"]!.GetValue<string>());
        Assert.Equal("true", second.Value("VM.get_platform", second.Call("VM.get_by_uuid", vmUuid))["nx"]!.GetValue<string>());
        Assert.True(second.Value("PBD.get_currently_attached", second.Value("SR.get_PBDs", second.Call("SR.get_by_uuid", sr))[0]!.DeepClone()).GetValue<bool>());
        var disk = second.World.OpenGuestDisk(vmUuid);
        var bytes = new byte[content.Length];
        disk.Read(0, bytes);
        content[65536] = 1;
        Assert.Equal(content, bytes);
        second.Value("VM.hard_shutdown", second.Call("VM.get_by_uuid", vmUuid));
        var changed = Convert.FromBase64String(second.Call("VDI.list_changed_blocks", snapshot, vdi));
        Assert.Equal(0x40, changed[0]);
        Assert.Equal(lun.Length, second.Fabric.Add(lun, second.Iqns).Length);
    }

    [Fact]
    public void Storage_that_is_gone_leaves_its_pbd_unplugged_and_the_machine_halted()
    {
        var store = new MemoryState();
        using var first = new PoolRig(state: store);
        var (_, sr, uuid, _) = first.Volume();
        var vm = first.World.CreateRunningVm("guest", uuid);
        using var second = new PoolRig(state: store);
        Assert.False(second.Value("PBD.get_currently_attached", second.Value("SR.get_PBDs", second.Call("SR.get_by_uuid", sr))[0]!.DeepClone()).GetValue<bool>());
        Assert.Equal("Halted", second.Call("VM.get_power_state", second.Call("VM.get_by_uuid", vm)));
    }

    [Fact]
    public void Another_version_is_refused()
    {
        var store = new MemoryState();
        using var first = new PoolRig(state: store);
        Assert.Contains("8.2", Assert.Throws<ArgumentException>(() => new PoolRig(version: "8.2", state: store)).Message, StringComparison.Ordinal);
    }
}
