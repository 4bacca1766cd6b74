using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.SolidFire;

public sealed class CloneTests : IDisposable
{
    private readonly Array array = new();

    public void Dispose() => array.Dispose();

    private Task<JsonObject> Result(JsonObject clone, bool keep = true) =>
        array.Call("GetAsyncResult", new JsonObject { ["asyncHandle"] = (long)clone["asyncHandle"]!, ["keepResult"] = keep });

    private static JsonObject Id(string name, JsonObject clone) => new() { [name] = (long)clone[name]! };

    [Fact]
    public async Task A_clone_is_in_no_list_until_it_is_done_and_then_holds_the_snapshot()
    {
        var volume = await array.CreateVolume();
        await array.GroupWithHost(volume);
        using var session = array.Simulator.Login(Array.HostIqn, array.Iqn(volume))!;
        session.Lun.Write(12345, [1, 2, 3]);
        var snapshot = await array.CreateSnapshot(volume);
        session.Lun.Write(12345, [9, 9, 9]);
        var clone = await array.Clone(volume, snapshot);
        var id = (long)clone["volumeID"]!;
        Assert.Equal("init", (string?)clone["volume"]!["status"]);
        Assert.NotEqual((long)clone["asyncHandle"]!, (long)clone["cloneID"]!);
        foreach (var list in new[] { "ListVolumes", "ListActiveVolumes", "ListDeletedVolumes" })
        {
            Assert.DoesNotContain(id, await array.Listed(list, "volumes", "volumeID"));
        }

        Assert.Equal("running", (string?)(await Result(clone, keep: false))["status"]);
        Assert.Single((await array.Call("ListSyncJobs"))["syncJobs"]!.AsArray());
        array.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Contains(id, await array.ListedVolumes());
        Assert.Empty((await array.Call("ListSyncJobs"))["syncJobs"]!.AsArray());
        var result = await Result(clone);
        Assert.Equal("complete", (string?)result["status"]);
        Assert.Equal(volume, (long)result["result"]!["volumeID"]!); // the source, as on live clusters
        await array.Call("AddVolumesToVolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = 1, ["volumes"] = new JsonArray(id) });
        using var cloned = array.Simulator.Login(Array.HostIqn, array.Iqn(id))!;
        var read = new byte[3];
        cloned.Lun.Read(12345, read);
        Assert.Equal([1, 2, 3], read);
    }

    [Fact]
    public async Task Attributes_and_qos_are_inherited_unless_given_and_access_groups_are_not()
    {
        var volume = await array.CreateVolume(more: new JsonObject
        {
            ["attributes"] = new JsonObject { ["CloudStackVolumeId"] = 4 },
            ["qos"] = new JsonObject { ["minIOPS"] = 200, ["maxIOPS"] = 300, ["burstIOPS"] = 400 },
        });
        await array.GroupWithHost(volume);
        var inherited = (await array.Call("CloneVolume", new JsonObject { ["volumeID"] = volume, ["name"] = "c1" }))["volume"]!;
        Assert.Equal("""{"CloudStackVolumeId":4}""", inherited["attributes"]!.ToJsonString());
        Assert.Equal(200, (int)inherited["qos"]!["minIOPS"]!);
        Assert.Empty(inherited["volumeAccessGroups"]!.AsArray());
        var given = (await array.Call("CloneVolume",
            new JsonObject { ["volumeID"] = volume, ["name"] = "c2", ["attributes"] = new JsonObject { ["own"] = 1 } }))["volume"]!;
        Assert.Equal("""{"own":1}""", given["attributes"]!.ToJsonString());
    }

    [Fact]
    public async Task A_completed_result_read_without_keeping_it_is_gone()
    {
        var volume = await array.CreateVolume();
        var clone = await array.Clone(volume, await array.CreateSnapshot(volume));
        array.Clock.Advance(TimeSpan.FromSeconds(10));
        await Result(clone, keep: true);
        await Result(clone, keep: false);
        Assert.Equal("xAsyncHandleDoesNotExist", await array.Error("GetAsyncResult", Id("asyncHandle", clone)));
    }

    [Fact]
    public async Task A_kept_result_vanishes_in_time()
    {
        var volume = await array.CreateVolume();
        var clone = await array.Clone(volume, await array.CreateSnapshot(volume));
        array.Clock.Advance(TimeSpan.FromSeconds(10));
        await Result(clone);
        Assert.Equal([(long)clone["asyncHandle"]!], await array.Listed("ListAsyncResults", "asyncHandles", "asyncResultID"));
        array.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("xAsyncHandleDoesNotExist", await array.Error("GetAsyncResult", Id("asyncHandle", clone)));
        Assert.Empty(await array.Listed("ListAsyncResults", "asyncHandles", "asyncResultID"));
    }

    [Theory]
    [InlineData("DeleteSnapshot")]
    [InlineData("DeleteVolume")]
    public async Task Deleting_what_is_cloned_fails_the_job_and_leaves_no_volume(string method)
    {
        var volume = await array.CreateVolume();
        var snapshot = await array.CreateSnapshot(volume);
        var clone = await array.Clone(volume, snapshot);
        await array.Call(method, method == "DeleteSnapshot" ? new JsonObject { ["snapshotID"] = snapshot } : new JsonObject { ["volumeID"] = volume });
        var result = await Result(clone);
        Assert.Equal("complete", (string?)result["status"]);
        Assert.Equal("xSnapshotIDDoesNotExist", (string?)result["error"]!["name"]);
        array.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.DoesNotContain((long)clone["volumeID"]!, await array.ListedVolumes());
        Assert.False((bool)(await array.Call("ListAsyncResults"))["asyncHandles"]![0]!["success"]!);
    }

    [Fact]
    public async Task The_third_clone_at_a_time_is_refused()
    {
        var volume = await array.CreateVolume();
        var snapshot = await array.CreateSnapshot(volume);
        await array.Clone(volume, snapshot);
        await array.Clone(volume, snapshot);
        Assert.Equal("xMaxClonesPerVolumeExceeded",
            await array.Error("CloneVolume", new JsonObject { ["volumeID"] = volume, ["snapshotID"] = snapshot, ["name"] = "third" }));
        array.Clock.Advance(TimeSpan.FromSeconds(10));
        await array.Clone(volume, snapshot);
    }

    [Fact]
    public async Task A_volume_being_cloned_can_be_modified_but_not_granted_or_deleted()
    {
        var volume = await array.CreateVolume();
        var group = await array.GroupWithHost(volume);
        var id = (long)(await array.Clone(volume, await array.CreateSnapshot(volume)))["volumeID"]!;
        await array.Call("ModifyVolume", new JsonObject { ["volumeID"] = id, ["attributes"] = new JsonObject { ["a"] = 1 } });
        Assert.Equal("xSliceNotRegistered",
            await array.Error("AddVolumesToVolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = group, ["volumes"] = new JsonArray(id) }));
        Assert.Equal("xSliceNotRegistered", await array.Error("DeleteVolume", new JsonObject { ["volumeID"] = id }));
    }

    [Fact]
    public async Task A_cancelled_clone_leaves_neither_handle_nor_volume()
    {
        var volume = await array.CreateVolume();
        var clone = await array.Clone(volume, await array.CreateSnapshot(volume));
        await array.Call("CancelClone", Id("cloneID", clone));
        Assert.Equal("xAsyncHandleDoesNotExist", await array.Error("GetAsyncResult", Id("asyncHandle", clone)));
        array.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal([volume], await array.ListedVolumes());
        Assert.Equal("xCloneIDDoesNotExist", await array.Error("CancelClone", Id("cloneID", clone)));
    }

    [Fact]
    public async Task A_snapshot_of_another_volume_cannot_be_cloned()
    {
        var volume = await array.CreateVolume();
        var other = await array.CreateVolume();
        var snapshot = await array.CreateSnapshot(other);
        Assert.Equal("xSnapshotIDDoesNotExist",
            await array.Error("CloneVolume", new JsonObject { ["volumeID"] = volume, ["snapshotID"] = snapshot, ["name"] = "c" }));
    }
}
