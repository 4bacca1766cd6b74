using System.Text.Json.Nodes;
using System.Xml.Linq;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

public sealed class CloneTests
{
    [Fact]
    public void The_probe_says_at_each_step_what_could_stand_in_the_missing_place()
    {
        using var pool = new PoolRig();
        var (lun, sr, _, _) = pool.Volume();
        var config = new JsonObject();
        Assert.Equal("SR_BACKEND_FAILURE_95", Probe().Code);
        config["target"] = MemoryFabric.Portal;
        var targets = Probe();
        Assert.Equal("SR_BACKEND_FAILURE_96", targets.Code);
        Assert.Equal(lun.TargetIqn, XElement.Parse(targets.Description[3]).Element("TGT")!.Element("TargetIQN")!.Value);
        config["targetIQN"] = lun.TargetIqn;
        var luns = Probe();
        Assert.Equal("SR_BACKEND_FAILURE_107", luns.Code);
        Assert.Equal(lun.ScsiId, XElement.Parse(luns.Description[3]).Element("LUN")!.Element("SCSIid")!.Value);
        config["SCSIid"] = lun.ScsiId;
        Assert.Equal(sr, pool.SrUuidOnLun(lun));
        pool.Fabric.Revoke(pool.Iqns[0], lun.TargetIqn);
        Assert.Equal("SR_BACKEND_FAILURE_68", Probe().Code);

        ApiFailure Probe() => pool.Refusal("SR.probe", pool.Host(), config, "lvmoiscsi", new JsonObject());
    }

    [Fact]
    public void A_blank_lun_probes_as_an_empty_list_and_can_be_formatted()
    {
        using var pool = new PoolRig();
        var lun = pool.Fabric.Add(new MemoryLun("blank", PoolWorld.LunBytesFor(16 << 20)), pool.Iqns);
        Assert.Empty(XElement.Parse(pool.Call("SR.probe", pool.Host(), pool.IscsiConfig(lun), "lvmoiscsi")).Elements());
        var sr = pool.Call("SR.create", pool.Host(), pool.IscsiConfig(lun), 0, "new", "", "lvmoiscsi", "user", true);
        Assert.Equal(pool.Call("SR.get_uuid", sr), pool.SrUuidOnLun(lun));
        Assert.Equal(2, pool.Value("SR.get_PBDs", sr).AsArray().Count);
        Assert.Equal("SR_DEVICE_IN_USE", pool.Refusal("SR.create", pool.Host(), pool.IscsiConfig(lun), 0, "again", "", "lvmoiscsi", "user", true).Code);
    }

    [Fact]
    public void A_clone_bears_the_originals_uuids_so_its_own_pool_refuses_it()
    {
        using var pool = new PoolRig();
        var (lun, sr, _, _) = pool.Volume();
        var clone = pool.Fabric.Add(lun.Clone("clone"), pool.Iqns);
        Assert.Equal(sr, pool.SrUuidOnLun(clone));
        Assert.Equal(["SR_UUID_EXISTS", sr], pool.Refusal("SR.introduce", sr, "swf", "", "lvmoiscsi", "user", false).Description);
        var other = pool.Call("SR.introduce", "", "swf", "", "lvmoiscsi", "user", false);
        var pbd = pool.Call("PBD.create", new JsonObject { ["host"] = pool.Host(), ["SR"] = other, ["device_config"] = pool.IscsiConfig(clone) });
        var sessions = pool.Fabric.OpenSessions;
        Assert.Equal("SR_BACKEND_FAILURE_119", pool.Refusal("PBD.plug", pbd).Code);
        Assert.Equal(sessions, pool.Fabric.OpenSessions);
    }

    [Fact]
    public void The_old_version_says_uniqueness_where_the_new_one_says_exists()
    {
        using var pool = new PoolRig(version: "7.1");
        var (_, sr, _, _) = pool.Volume();
        var refusal = pool.Refusal("SR.introduce", sr, "swf", "", "lvmoiscsi", "user", false);
        Assert.Equal("INTERNAL_ERROR", refusal.Code);
        Assert.Contains("Db_exn.Uniqueness_constraint_violation", refusal.Description[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_pool_that_does_not_see_the_original_introduces_plugs_scans_and_forgets_the_clone()
    {
        using var production = new PoolRig();
        var (lun, srUuid, vdiUuid, _) = production.Volume();
        using var backup = new PoolRig(production.Fabric, "backup");
        var clone = production.Fabric.Add(lun.Clone("clone"), backup.Iqns);
        var (sr, pbd) = backup.Introduce(clone, srUuid, host: 1);
        Assert.Empty(backup.Value("SR.get_VDIs", sr).AsArray());
        backup.Value("SR.scan", sr);
        var vdi = backup.Value("VDI.get_record", backup.Call("VDI.get_by_uuid", vdiUuid));
        Assert.Equal(16 << 20, vdi["virtual_size"]!.GetValue<long>());
        Assert.Equal("root disk of vol", vdi["name_label"]!.GetValue<string>());
        Assert.Equal(["SR_HAS_PBD", sr], backup.Refusal("SR.forget", sr).Description);
        Assert.Equal(["OPERATION_NOT_ALLOWED", "PBD is currently attached"], backup.Refusal("PBD.destroy", pbd).Description);
        backup.Value("PBD.unplug", pbd);
        backup.Value("PBD.unplug", pbd);
        backup.Value("PBD.destroy", pbd);
        backup.Value("SR.forget", sr);
        var left = backup.Simulator.Inventory();
        Assert.Empty(left.Srs);
        Assert.Empty(left.Vdis);
        Assert.Empty(left.Pbds);
        Assert.Equal(2, production.Fabric.OpenSessions);
    }

    [Fact]
    public void An_sr_whose_uuid_is_not_on_the_lun_does_not_plug()
    {
        using var pool = new PoolRig();
        var lun = pool.Fabric.Add(new MemoryLun("blank", 64 << 20), pool.Iqns);
        var failure = Assert.Throws<ApiFailure>(() => pool.Introduce(lun, "11111111-2222-4333-8444-000000000009"));
        Assert.Equal("SR_BACKEND_FAILURE_47", failure.Code);
        Assert.Equal(0, pool.Fabric.OpenSessions);
    }

    [Fact]
    public void Resigning_succeeds_with_an_error_and_the_clone_can_then_stand_beside_the_original()
    {
        using var pool = new PoolRig(version: "7.1");
        var (lun, srUuid, vdiUuid, content) = pool.Volume();
        pool.World.SnapshotVdi(vdiUuid);
        var clone = pool.Fabric.Add(lun.Clone("clone"), pool.Iqns);
        var before = LayoutReader.Metadata(clone);
        var said = Resign(pool, clone);
        Assert.Equal("SR_BACKEND_FAILURE_1", said.Code);
        Assert.Contains("successfully resigned", said.Description[2], StringComparison.Ordinal);
        Assert.Single(pool.Simulator.Inventory().Srs);
        var after = LayoutReader.Metadata(clone);
        Assert.NotEqual(before.PvUuid, after.PvUuid);
        var newSr = pool.SrUuidOnLun(clone);
        Assert.NotEqual(srUuid, newSr);
        Assert.Equal("VG_XenStorage-" + newSr, after.Group);
        var (sr, _) = pool.Introduce(clone, newSr);
        pool.Value("SR.scan", sr);
        var vdi = Assert.Single(pool.Value("SR.get_VDIs", sr).AsArray())!.GetValue<string>();
        Assert.NotEqual(vdiUuid, pool.Call("VDI.get_uuid", vdi));
        Assert.Equal(content, LayoutReader.OnlyDisk(clone));
    }

    [Fact]
    public void Version_8_knows_no_resigning()
    {
        using var pool = new PoolRig();
        var (lun, _, _, _) = pool.Volume();
        Assert.Equal(["SR_UNKNOWN_DRIVER", "relvmoiscsi"], Resign(pool, lun).Description);
        Assert.DoesNotContain(pool.Value("SM.get_all_records").AsObject(), s => s.Value!["type"]!.GetValue<string>() == "relvmoiscsi");
    }

    [Fact]
    public void A_resign_that_dies_half_way_leaves_a_lun_nobody_can_read()
    {
        using var pool = new PoolRig(version: "7.1");
        var (lun, _, _, _) = pool.Volume();
        var clone = pool.Fabric.Add(lun.Clone("clone"), pool.Iqns);
        pool.Faults.On("xenserver", "SR.create").Restart();
        Assert.Throws<HttpRequestException>(
            () => pool.Value("SR.create", pool.Host(), pool.IscsiConfig(clone), 0, "resign", "", "relvmoiscsi", "user", false));
        pool.LogInAgain();
        Assert.Empty(XElement.Parse(pool.Call("SR.probe", pool.Host(), pool.IscsiConfig(clone), "lvmoiscsi")).Elements());
        Assert.DoesNotContain("successfully", Resign(pool, clone).Message, StringComparison.Ordinal);
    }

    private static ApiFailure Resign(PoolRig pool, MemoryLun lun) =>
        pool.Refusal("SR.create", pool.Host(), pool.IscsiConfig(lun), 0, "resign", "", "relvmoiscsi", "user", false);
}
