using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

public sealed class MachineTests
{
    [Fact]
    public void Every_instant_of_the_lun_holds_a_valid_disk_with_all_that_was_acknowledged()
    {
        using var pool = new PoolRig();
        var lun = pool.Fabric.Add(new MemoryLun("live", PoolWorld.LunBytesFor(8 << 20)), pool.Iqns);
        var sr = pool.World.CreateLvmSr(MemoryFabric.Portal, lun.TargetIqn, "live");
        var vdi = pool.World.CreateVdi(sr, 8 << 20, "live");
        var disk = pool.World.OpenGuestDisk(pool.World.CreateRunningVm("guest", vdi));
        var acknowledged = new byte[8 << 20];
        var random = new Random(11);
        var instants = 0;
        for (var i = 0; i < 12; i++)
        {
            var data = new byte[4096 * random.Next(1, 4)];
            random.NextBytes(data);
            var offset = 4096L * random.Next(0, ((8 << 20) - data.Length) / 4096);
            lun.Written = () =>
            {
                instants++;
                var now = LayoutReader.OnlyDisk(lun);
                Assert.True(now.AsSpan(0, (int)offset).SequenceEqual(acknowledged.AsSpan(0, (int)offset)));
                var end = (int)offset + data.Length;
                Assert.True(now.AsSpan(end).SequenceEqual(acknowledged.AsSpan(end)));
            };
            disk.Write(offset, data);
            lun.Written = null;
            data.CopyTo(acknowledged, offset);
            Assert.Equal(acknowledged, LayoutReader.OnlyDisk(lun));
        }

        Assert.True(instants > 24, $"Only {instants} instants were looked at.");
    }

    [Fact]
    public async Task A_pause_waits_for_the_write_under_way_and_holds_up_the_next()
    {
        using var pool = new PoolRig();
        var (lun, _, vdi, _) = pool.Volume();
        var vm = pool.World.CreateRunningVm("guest", vdi);
        var disk = pool.World.OpenGuestDisk(vm);
        pool.Value("VM.pause", pool.Call("VM.get_by_uuid", vm));
        Assert.Equal([vm], pool.Simulator.Inventory().FrozenVms);
        Assert.True(disk.IsPaused);
        var before = LayoutReader.OnlyDisk(lun);
        var write = Task.Run(() => disk.Write(0, new byte[512].Select(_ => (byte)7).ToArray()));
        Assert.Equal("VM_BAD_POWER_STATE", pool.Refusal("VM.pause", pool.Call("VM.get_by_uuid", vm)).Code);
        Assert.False(write.IsCompleted);
        Assert.Equal(before, LayoutReader.OnlyDisk(lun));
        pool.Value("VM.unpause", pool.Call("VM.get_by_uuid", vm));
        await write;
        Assert.Equal(7, LayoutReader.OnlyDisk(lun)[511]);
    }

    [Fact]
    public void A_disk_in_use_by_a_machine_is_neither_copied_nor_destroyed_nor_unplugged()
    {
        using var pool = new PoolRig();
        var (_, _, vdi, _) = pool.Volume();
        pool.World.CreateRunningVm("guest", vdi);
        var reference = pool.Call("VDI.get_by_uuid", vdi);
        Assert.Equal(["VDI_IN_USE", reference, "copy"], pool.Refusal("VDI.copy", reference, pool.NfsSr()).Description);
        Assert.Equal("VDI_IN_USE", pool.Refusal("VDI.destroy", reference).Code);
        foreach (var pbd in pool.Value("SR.get_PBDs", pool.Call("VDI.get_SR", reference)).AsArray())
            if (pool.Call("PBD.get_host", pbd) == pool.Host())
                Assert.Equal("VDI_IN_USE", pool.Refusal("PBD.unplug", pbd).Code);
    }

    [Fact]
    public void A_snapshot_keeps_what_the_guest_then_overwrites()
    {
        using var pool = new PoolRig();
        var (lun, _, vdi, content) = pool.Volume();
        var disk = pool.World.OpenGuestDisk(pool.World.CreateRunningVm("guest", vdi));
        var snapshot = pool.World.SnapshotVdi(vdi);
        disk.Write(4096, new byte[300_000]);
        var kept = new byte[300_000];
        pool.World.ReadVdi(snapshot, 4096, kept);
        Assert.Equal(content[4096..304_096], kept);
        var record = pool.Value("VDI.get_record", pool.Call("VDI.get_by_uuid", snapshot));
        Assert.True(record["is_a_snapshot"]!.GetValue<bool>());
        Assert.Equal(pool.Call("VDI.get_by_uuid", vdi), record["snapshot_of"]!.GetValue<string>());
        Assert.Equal(2, LayoutReader.Disks(lun).Count);
    }

    [Fact]
    public void A_host_that_is_away_is_named_and_its_address_is_silent()
    {
        using var pool = new PoolRig();
        var (lun, _, _, _) = pool.Volume();
        pool.Simulator.SetHostOffline(pool.Simulator.Hosts[1].Uuid, offline: true);
        var host = pool.Host(1);
        Assert.Equal(["HOST_OFFLINE", host], pool.Refusal("SR.probe", host, pool.IscsiConfig(lun), "lvmoiscsi").Description);
        Assert.False(pool.Value("host_metrics.get_live", pool.Call("host.get_metrics", host)).GetValue<bool>());
        Assert.Throws<HttpRequestException>(() => pool.Post("/jsonrpc", "{}", host: 2));
        pool.Simulator.SetHostOffline(pool.Simulator.Hosts[1].Uuid, offline: false);
        pool.Value("SR.probe", host, pool.IscsiConfig(lun), "lvmoiscsi");
    }

    [Fact]
    public void A_password_in_a_device_config_is_kept_as_a_secret()
    {
        using var pool = new PoolRig();
        var sr = pool.Call("SR.introduce", "", "s", "", "lvmoiscsi", "user", false);
        var body = new JsonObject
        {
            ["host"] = pool.Host(), ["SR"] = sr, ["device_config"] = new JsonObject { ["target"] = "x", ["chappassword"] = "chap secret" },
        };
        var pbd = pool.Call("PBD.create", body);
        var stored = pool.Value("PBD.get_device_config", pbd);
        Assert.Null(stored["chappassword"]);
        Assert.Equal("chap secret", pool.Call("secret.get_value", pool.Call("secret.get_by_uuid", stored["chappassword_secret"]!.DeepClone())));
        Assert.Equal(["PBD_EXISTS", sr, pool.Host(), pbd], pool.Refusal("PBD.create", body).Description);
        pool.Value("PBD.destroy", pbd);
        Assert.Empty(pool.Value("secret.get_all").AsArray());
    }

    [Fact]
    public void A_file_sr_lies_where_the_plug_in_mounted_secondary_storage()
    {
        using var pool = new PoolRig();
        Directory.CreateDirectory(Path.Combine(pool.ExportFolder, "snapshots", "2", "7"));
        pool.Value("host.call_plugin", pool.Host(), "cloud-plugin-storage", "mountNfsSecondaryStorage", new JsonObject
        {
            ["localDir"] = "/var/cloud_mount/abc", ["remoteDir"] = "nfs.test:/export/secondary",
        });
        var sr = pool.Call("SR.introduce", "", "s", "", "file", "file", false);
        var config = new JsonObject { ["location"] = "/var/cloud_mount/abc/snapshots/2/7" };
        pool.Value("PBD.plug", pool.Call("PBD.create", new JsonObject { ["host"] = pool.Host(), ["SR"] = sr, ["device_config"] = config }));
        var vdi = pool.EmptyVdi(sr, 2 << 20);
        var path = Path.Combine(pool.ExportFolder, "snapshots", "2", "7", pool.Call("VDI.get_uuid", vdi) + ".vhd");
        Assert.All(LayoutReader.Vhd(File.ReadAllBytes(path)), b => Assert.Equal(0, b));
    }

    [Fact]
    public void An_image_file_becomes_a_disk_without_its_holes()
    {
        using var pool = new PoolRig();
        var path = Path.Combine(pool.ExportFolder, "image.raw");
        var content = new byte[6 << 20];
        new Random(3).NextBytes(content.AsSpan(5 << 20, 100_000));
        File.WriteAllBytes(path, content);
        var lun = pool.Fabric.Add(new MemoryLun("image", PoolWorld.LunBytesFor(content.Length)), pool.Iqns);
        var sr = pool.World.CreateLvmSr(MemoryFabric.Portal, lun.TargetIqn, "image");
        var (_, size) = pool.World.ImportImage(sr, path, "image");
        Assert.Equal(content.Length, size);
        Assert.Equal(content, LayoutReader.OnlyDisk(lun));
        Assert.True(lun.AllocatedExtents().Sum(e => e.Length) < 400_000);
    }

    [Fact]
    public void A_machine_made_over_xml_has_numbers_where_the_model_has_numbers()
    {
        using var pool = new PoolRig();
        var answer = System.Xml.Linq.XElement.Parse(pool.Post("/", $"<methodCall><methodName>VM.create</methodName><params><param><value>{pool.Session}</value></param><param><value><struct><member><name>name_label</name><value>made</value></member><member><name>memory_static_max</name><value>2147483648</value></member></struct></value></param></params></methodCall>"));
        var vm = answer.Descendants("member").Single(m => m.Element("name")!.Value == "Value").Element("value")!.Value;
        Assert.Equal(2147483648, pool.Value("VM.get_memory_static_max", vm).GetValue<long>());
        Assert.Equal("FIELD_TYPE_ERROR", pool.Refusal("VM.create", new JsonObject { ["name_label"] = "made", ["memory_static_max"] = "much" }).Code);
    }

    [Fact]
    public void Network_cards_come_and_go_with_their_machine()
    {
        using var pool = new PoolRig();
        var (_, _, disk, _) = pool.Volume();
        var vm = pool.Call("VM.get_by_uuid", pool.World.CreateRunningVm("guest", disk));
        var network = pool.Value("network.get_all")[0]!.GetValue<string>();
        JsonObject Card(string device, string mac) => new() { ["VM"] = vm, ["network"] = network, ["device"] = device, ["MAC"] = mac, ["MTU"] = 1500, ["other_config"] = new JsonObject(), ["qos_algorithm_type"] = "", ["qos_algorithm_params"] = new JsonObject() };
        var card = pool.Call("VIF.create", Card("0", ""));
        Assert.Matches("^02(:[0-9a-f]{2}){5}$", pool.Call("VIF.get_MAC", card));
        Assert.Equal("DEVICE_ALREADY_EXISTS", pool.Refusal("VIF.create", Card("0", "")).Code);
        Assert.Equal("1", pool.Value("VM.get_allowed_VIF_devices", vm)[0]!.GetValue<string>());
        pool.Value("VIF.plug", card);
        Assert.Equal("DEVICE_ALREADY_ATTACHED", pool.Refusal("VIF.plug", card).Code);
        Assert.Equal("OPERATION_NOT_ALLOWED", pool.Refusal("VIF.destroy", card).Code);
        pool.Value("VM.hard_shutdown", vm);
        Assert.False(pool.Value("VIF.get_currently_attached", card).GetValue<bool>());
        Assert.Equal("VM_BAD_POWER_STATE", pool.Refusal("VIF.plug", card).Code);
        var snapshot = pool.Call("VM.snapshot", vm, "before");
        Assert.Equal(pool.Call("VIF.get_MAC", card), pool.Call("VIF.get_MAC", Assert.Single(pool.Value("VM.get_VIFs", snapshot).AsArray())!.GetValue<string>()));
        pool.Value("VIF.destroy", card);
        Assert.Empty(pool.Value("VM.get_VIFs", vm).AsArray());
        pool.Value("VM.destroy", snapshot);
        Assert.Empty(pool.Value("VIF.get_all").AsArray());
    }

    [Fact]
    public void Whoever_lists_everything_finds_empty_lists_where_the_pool_has_nothing()
    {
        using var young = new PoolRig();
        var methods = young.Raw("system.listMethods").AsArray().Select(name => name!.GetValue<string>()).ToList();
        foreach (var list in methods.Where(name => name.EndsWith(".get_all_records", StringComparison.Ordinal)))
            Assert.NotNull(young.Value(list).AsObject());
        Assert.Equal(["UUID_INVALID", "PGPU", "x"], young.Refusal("PGPU.get_by_uuid", "x").Description);
        Assert.Equal("HANDLE_INVALID", young.Refusal("console.get_record", "x").Code);
        using var old = new PoolRig(version: "7.1");
        Assert.Equal("MESSAGE_METHOD_UNKNOWN", old.Refusal("PUSB.get_all_records").Code);
        Assert.Empty(old.Value("pool_patch.get_all_records").AsObject());
        Assert.StartsWith("20260304T", old.Call("host.get_servertime", old.Host()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_drive_is_empty_until_a_disc_is_in_it_and_goes_along_with_its_machine()
    {
        using var pool = new PoolRig();
        var (_, _, disk, _) = pool.Volume();
        var vm = pool.Call("VM.get_by_uuid", pool.World.CreateRunningVm("guest", disk));
        JsonObject Drive(string type, string mode) => new() { ["VM"] = vm, ["VDI"] = "OpaqueRef:NULL", ["userdevice"] = "3", ["bootable"] = false, ["mode"] = mode, ["type"] = type, ["empty"] = true, ["unpluggable"] = true, ["other_config"] = new JsonObject() };
        Assert.Equal("VBD_NOT_REMOVABLE_MEDIA", pool.Refusal("VBD.create", Drive("Disk", "RO")).Code);
        Assert.Equal("VBD_CDS_MUST_BE_READONLY", pool.Refusal("VBD.create", Drive("CD", "RW")).Code);
        pool.Value("VM.hard_shutdown", vm);
        var drive = pool.Call("VBD.create", Drive("CD", "RO"));
        Assert.True(pool.Value("VBD.get_empty", drive).GetValue<bool>());
        pool.Value("VM.start", vm, false, false);
        Assert.True(pool.Value("VBD.get_currently_attached", drive).GetValue<bool>());
        Assert.Equal("VBD_IS_EMPTY", pool.Refusal("VBD.eject", drive).Code);
        var disc = pool.EmptyVdi(pool.NfsSr(), 2 << 20);
        pool.Value("VBD.insert", drive, disc);
        Assert.Equal("VDI_IN_USE", pool.Refusal("VDI.destroy", disc).Code);
        Assert.Equal("VBD_NOT_EMPTY", pool.Refusal("VBD.insert", drive, disc).Code);
        pool.Value("VBD.eject", drive);
        pool.Value("VDI.destroy", disc);
        var snapshot = pool.Call("VM.snapshot", vm, "with a drive");
        Assert.Equal(["CD", "Disk"], pool.Value("VM.get_VBDs", snapshot).AsArray().Select(vbd => pool.Call("VBD.get_type", vbd!.GetValue<string>())).Order());
        pool.Value("VM.revert", snapshot);
        pool.Value("VM.start", vm, false, false);
        Assert.Equal(2, pool.Value("VM.get_VBDs", vm).AsArray().Count);
    }
}
