using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

public sealed class DiskTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_disk_grows_and_keeps_what_it_holds(bool onNfs)
    {
        using var pool = new PoolRig();
        var (lun, _, uuid, content) = pool.Volume();
        var vdi = pool.Call("VDI.get_by_uuid", uuid);
        if (onNfs)
        {
            vdi = pool.EmptyVdi(pool.NfsSr(), content.Length);
            uuid = pool.Call("VDI.get_uuid", vdi);
            pool.World.WriteVdi(uuid, 0, content);
        }

        pool.Value("VDI.resize", vdi, (20 << 20) + 1);
        Assert.Equal(22 << 20, pool.Value("VDI.get_virtual_size", vdi).GetValue<long>());
        var held = onNfs ? LayoutReader.Vhd(File.ReadAllBytes(pool.VhdPath(vdi))) : LayoutReader.OnlyDisk(lun);
        Assert.Equal(22 << 20, held.Length);
        Assert.True(held.AsSpan(0, content.Length).SequenceEqual(content));
        Assert.False(held.AsSpan(content.Length).ContainsAnyExcept((byte)0));
        Assert.Equal("SR_BACKEND_FAILURE_79", pool.Refusal("VDI.resize", vdi, 4 << 20).Code);
    }

    [Fact]
    public void A_clone_is_written_without_touching_its_source()
    {
        using var pool = new PoolRig();
        var sr = pool.NfsSr();
        var source = pool.EmptyVdi(sr, 4 << 20);
        pool.World.WriteVdi(pool.Call("VDI.get_uuid", source), 1000, [1, 2, 3]);
        var clone = pool.Call("VDI.clone", source);
        pool.World.WriteVdi(pool.Call("VDI.get_uuid", clone), 1000, [9]);
        Assert.Equal([1, 2, 3], LayoutReader.Vhd(File.ReadAllBytes(pool.VhdPath(source)))[1000..1003]);
        Assert.Equal([9, 2, 3], LayoutReader.Vhd(File.ReadAllBytes(pool.VhdPath(clone)))[1000..1003]);
        Assert.False(pool.Value("VDI.get_is_a_snapshot", clone).GetValue<bool>());
    }

    [Fact]
    public void A_forgotten_disk_is_introduced_again_at_its_place()
    {
        using var pool = new PoolRig();
        var sr = pool.NfsSr();
        var vdi = pool.EmptyVdi(sr, 4 << 20);
        var uuid = pool.Call("VDI.get_uuid", vdi);
        pool.Value("VDI.forget", vdi);
        Assert.Equal("UUID_INVALID", pool.Refusal("VDI.get_by_uuid", uuid).Code);
        var again = pool.Call("VDI.introduce", uuid, "again", "", sr, "user", false, false, new JsonObject(), uuid, new JsonObject(), new JsonObject());
        Assert.Equal(4 << 20, pool.Value("VDI.get_virtual_size", again).GetValue<long>());
        Assert.Equal("LOCATION_NOT_UNIQUE", pool.Refusal("VDI.introduce", uuid, "again", "", sr, "user", false, false, new JsonObject(), uuid).Code);
        Assert.Equal("SR_BACKEND_FAILURE_65", pool.Refusal("VDI.introduce", "", "x", "", sr, "user", false, false, new JsonObject(), Guid.NewGuid().ToString()).Code);
    }

    [Fact]
    public async Task An_sr_works_on_one_thing_at_a_time()
    {
        using var pool = new PoolRig();
        var sr = pool.NfsSr();
        var session = pool.Session;
        pool.Faults.On("xenserver", "SR.scan").Stall(TimeSpan.FromMinutes(1));
        var scan = Task.Run(() => pool.Raw("SR.scan", session, sr));
        while (pool.Value("SR.get_current_operations", sr).AsObject().Count == 0)
            await Task.Yield();
        var refused = pool.Refusal("SR.forget", sr);
        Assert.Equal(["OTHER_OPERATION_IN_PROGRESS", "SR", sr, "scan"], refused.Description[..4]);
        // The operation shows before its stall is armed.
        var stalled = pool.Clock.GetUtcNow() + TimeSpan.FromMinutes(1);
        while (pool.Clock.NextTimer is not { } due || due > stalled) await Task.Yield();
        pool.Clock.Advance(TimeSpan.FromMinutes(2));
        await scan;
        Assert.Empty(pool.Value("SR.get_current_operations", sr).AsObject());
        pool.EmptyVdi(sr, 2 << 20);
    }

    [Fact]
    public void A_machines_snapshot_has_disks_of_its_own_and_can_be_gone_back_to()
    {
        using var pool = new PoolRig();
        var (_, _, uuid, content) = pool.Volume();
        var vmUuid = pool.World.CreateRunningVm("guest", uuid);
        var vm = pool.Call("VM.get_by_uuid", vmUuid);
        var snapshot = pool.Call("VM.snapshot", vm, "before");
        var disk = pool.World.OpenGuestDisk(vmUuid);
        disk.Write(4096, new byte[512]);
        Assert.True(pool.Value("VM.get_is_a_snapshot", snapshot).GetValue<bool>());
        Assert.Equal(vm, pool.Call("VM.get_snapshot_of", snapshot));
        Assert.Equal("VM_IS_TEMPLATE", pool.Refusal("VM.start", snapshot, false, false).Code);
        pool.Value("VM.revert", snapshot);
        Assert.Equal("Halted", pool.Call("VM.get_power_state", vm));
        var now = pool.Call("VBD.get_VDI", pool.Value("VM.get_VBDs", vm)[0]!.DeepClone());
        var bytes = new byte[512];
        pool.World.ReadVdi(pool.Call("VDI.get_uuid", now), 4096, bytes);
        Assert.Equal(content[4096..4608], bytes);
        pool.Value("VM.start", vm, false, false);
        Assert.Equal("Suspended", pool.Call("VM.get_power_state", pool.Call("VM.checkpoint", vm, "with memory")));
        pool.Value("VM.destroy", snapshot);
        Assert.Equal("VM_BAD_POWER_STATE", pool.Refusal("VM.destroy", vm).Code);
    }

    [Theory]
    [InlineData("7.1", "VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED")]
    [InlineData("7.6", "VM_SNAPSHOT_WITH_QUIESCE_NOT_SUPPORTED")]
    [InlineData("8.2", "MESSAGE_REMOVED")]
    [InlineData("8", "MESSAGE_REMOVED")]
    public void Quiescing_by_vss_is_gone_since_8_1(string version, string code)
    {
        using var pool = new PoolRig(version: version);
        var (_, _, uuid, _) = pool.Volume();
        var vm = pool.Call("VM.get_by_uuid", pool.World.CreateRunningVm("guest", uuid));
        Assert.Equal(code, pool.Refusal("VM.snapshot_with_quiesce", vm, "q").Code);
    }
}
