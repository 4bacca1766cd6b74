using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.SolidFire;

public sealed class AccessTests : IDisposable
{
    private readonly Array array = new();

    public void Dispose() => array.Dispose();

    private static JsonObject Volumes(long group, params long[] volumes) => new()
    {
        ["volumeAccessGroupID"] = group,
        ["volumes"] = new JsonArray([.. volumes.Select(volume => (JsonNode)volume)]),
    };

    private static JsonObject Initiators(long group, string initiator) => new() { ["volumeAccessGroupID"] = group, ["initiators"] = new JsonArray(initiator) };

    [Fact]
    public async Task A_host_sees_the_volumes_of_its_group_and_no_others()
    {
        var mine = await array.CreateVolume("mine");
        await array.CreateVolume("other");
        await array.GroupWithHost(mine);
        var fabric = new StorageFabric();
        fabric.Register("10.1.1.1", array.Simulator);
        Assert.Equal([array.Iqn(mine)], fabric.Discover("10.1.1.1:3260", Array.HostIqn));
        Assert.Empty(fabric.Discover("10.1.1.1", "iqn.2026-01.test:stranger"));
        Assert.Null(fabric.Login("10.1.1.1", "iqn.2026-01.test:stranger", array.Iqn(mine)));
        Assert.Null(fabric.Login("10.9.9.9", Array.HostIqn, array.Iqn(mine)));
        using var session = fabric.Login("10.1.1.1", Array.HostIqn, array.Iqn(mine));
        Assert.Equal("36f47acc100000000316d687000000001", session!.Lun.ScsiId);
    }

    [Fact]
    public async Task An_initiator_is_in_one_group_only()
    {
        var group = await array.GroupWithHost();
        Assert.Equal("xExceededLimit", await array.Error("CreateVolumeAccessGroup",
            new JsonObject { ["name"] = "second", ["initiators"] = new JsonArray(Array.HostIqn) }));
        Assert.Equal("xAlreadyInVolumeAccessGroup", await array.Error("AddInitiatorsToVolumeAccessGroup", Initiators(group, Array.HostIqn)));
        await array.Call("RemoveInitiatorsFromVolumeAccessGroup", Initiators(group, Array.HostIqn));
        await array.Call("CreateVolumeAccessGroup", new JsonObject { ["name"] = "second", ["initiators"] = new JsonArray(Array.HostIqn) });
        Assert.Single((await array.Call("ListVolumeAccessGroups"))["volumeAccessGroups"]![1]!["initiators"]!.AsArray());
    }

    [Fact]
    public async Task Adding_twice_and_removing_what_is_not_there_are_errors()
    {
        var volume = await array.CreateVolume();
        var group = await array.GroupWithHost(volume);
        Assert.Equal("xAlreadyInVolumeAccessGroup", await array.Error("AddVolumesToVolumeAccessGroup", Volumes(group, volume)));
        await array.Call("RemoveVolumesFromVolumeAccessGroup", Volumes(group, volume));
        Assert.Equal("xNotInVolumeAccessGroup", await array.Error("RemoveVolumesFromVolumeAccessGroup", Volumes(group, volume)));
        Assert.Equal("xVolumeIDDoesNotExist", await array.Error("AddVolumesToVolumeAccessGroup", Volumes(group, 55)));
        Assert.Equal("xVolumeAccessGroupIDDoesNotExist", await array.Error("AddVolumesToVolumeAccessGroup", Volumes(77, volume)));
        Assert.Equal([77], (await array.Call("ListVolumeAccessGroups",
            new JsonObject { ["volumeAccessGroups"] = new JsonArray(77) }))["volumeAccessGroupsNotFound"]!.AsArray().Select(id => (long)id!));
    }

    [Fact]
    public async Task A_session_shows_until_it_is_closed()
    {
        var volume = await array.CreateVolume();
        await array.GroupWithHost(volume);
        using (array.Simulator.Login(Array.HostIqn, array.Iqn(volume)))
        {
            var session = (await array.Call("ListISCSISessions"))["sessions"]![0]!;
            Assert.Equal(volume, (long)session["volumeID"]!);
            Assert.Equal(Array.HostIqn, (string?)session["initiatorName"]);
        }

        Assert.Empty((await array.Call("ListISCSISessions"))["sessions"]!.AsArray());
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("revoke")]
    [InlineData("lock")]
    public async Task Deletion_revocation_and_locking_end_the_sessions(string how)
    {
        var volume = await array.CreateVolume();
        var group = await array.GroupWithHost(volume);
        using var session = array.Simulator.Login(Array.HostIqn, array.Iqn(volume))!;
        _ = how switch
        {
            "delete" => await array.Call("DeleteVolume", new JsonObject { ["volumeID"] = volume }),
            "revoke" => await array.Call("RemoveVolumesFromVolumeAccessGroup", Volumes(group, volume)),
            _ => await array.Call("ModifyVolume", new JsonObject { ["volumeID"] = volume, ["access"] = "locked" }),
        };
        Assert.True(session.Lost);
        Assert.Throws<IOException>(() => session.Lun.Read(0, new byte[1]));
        Assert.Empty((await array.Call("ListISCSISessions"))["sessions"]!.AsArray());
    }

    [Fact]
    public async Task A_deleted_volume_stays_listed_in_its_group_as_deleted()
    {
        var volume = await array.CreateVolume();
        var group = await array.GroupWithHost(volume);
        await array.Call("DeleteVolume", new JsonObject { ["volumeID"] = volume });
        var listed = (await array.Call("ListVolumeAccessGroups"))["volumeAccessGroups"]![0]!;
        Assert.Empty(listed["volumes"]!.AsArray());
        Assert.Single(listed["deletedVolumes"]!.AsArray());
        await array.Call("DeleteVolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = group });
        Assert.Empty((await array.Call("ListVolumeAccessGroups"))["volumeAccessGroups"]!.AsArray());
    }

    [Fact]
    public async Task A_read_only_volume_refuses_writes()
    {
        var volume = await array.CreateVolume(more: new JsonObject { ["access"] = "readOnly" });
        await array.GroupWithHost(volume);
        using var session = array.Simulator.Login(Array.HostIqn, array.Iqn(volume))!;
        session.Lun.Read(0, new byte[1]);
        Assert.Throws<IOException>(() => session.Lun.Write(0, [1]));
    }
}
