using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.SolidFire;

public sealed class SnapshotTests : IDisposable
{
    private readonly Array array = new();

    public void Dispose() => array.Dispose();

    private async Task<JsonNode> Snapshot(long id) =>
        (await array.Call("ListSnapshots", new JsonObject { ["snapshotID"] = id }))["snapshots"]![0]!;

    [Fact]
    public async Task Retention_expires_by_the_clock_and_can_be_lifted()
    {
        var volume = await array.CreateVolume();
        var gone = await array.CreateSnapshot(volume, new JsonObject { ["retention"] = "48:00:00" });
        var kept = await array.CreateSnapshot(volume, new JsonObject { ["retention"] = "48:00:00" });
        Assert.Equal("2026-03-03T12:00:00Z", (string?)(await Snapshot(gone))["expirationTime"]);
        await array.Call("ModifySnapshot", new JsonObject { ["snapshotID"] = kept, ["expirationTime"] = null });
        array.Clock.Advance(TimeSpan.FromHours(48) - TimeSpan.FromSeconds(1));
        Assert.Equal([gone, kept], await array.ListedSnapshots(volume));
        array.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([kept], await array.ListedSnapshots(volume));
    }

    [Fact]
    public async Task Retention_and_expiration_time_exclude_each_other()
    {
        var volume = await array.CreateVolume();
        Assert.Equal("xInvalidAPIParameter", await array.Error("CreateSnapshot",
            new JsonObject { ["volumeID"] = volume, ["retention"] = "1:00:00", ["expirationTime"] = "2026-03-03T12:00:00Z" }));
        Assert.Equal("xInvalidAPIParameter", await array.Error("CreateSnapshot", new JsonObject { ["volumeID"] = volume, ["retention"] = "soon" }));
    }

    [Fact]
    public async Task The_thirty_third_snapshot_is_refused_with_the_limit_in_its_message()
    {
        var volume = await array.CreateVolume();
        for (var i = 0; i < 32; i++)
        {
            await array.CreateSnapshot(volume);
        }

        var answer = await array.Post("CreateSnapshot", new JsonObject { ["volumeID"] = volume });
        Assert.Equal("xMaxSnapshotsPerVolumeExceeded", (string?)answer["error"]!["name"]);
        Assert.Equal("Maximum snapshots per volume is 32", (string?)answer["error"]!["message"]);
        Assert.Equal(32, (await array.ListedSnapshots(volume)).Count);
    }

    [Fact]
    public async Task Names_may_repeat_and_default_to_the_time()
    {
        var volume = await array.CreateVolume();
        await array.CreateSnapshot(volume, new JsonObject { ["name"] = "twin" });
        await array.CreateSnapshot(volume, new JsonObject { ["name"] = "twin" });
        var unnamed = await array.CreateSnapshot(volume);
        Assert.Equal(3, (await array.ListedSnapshots(volume)).Count);
        Assert.Equal("2026-03-01T12:00:00Z", (string?)(await Snapshot(unnamed))["name"]);
    }

    [Fact]
    public async Task Snapshots_of_unchanged_data_share_a_checksum_and_of_changed_data_do_not()
    {
        var volume = await array.CreateVolume();
        await array.GroupWithHost(volume);
        var empty = await array.CreateSnapshot(volume);
        Assert.Equal("0x0", (string?)(await Snapshot(empty))["checksum"]);
        using var session = array.Simulator.Login(Array.HostIqn, array.Iqn(volume))!;
        session.Lun.Write(4096, [1, 2, 3]);
        var first = (string?)(await Snapshot(await array.CreateSnapshot(volume)))["checksum"];
        var second = (string?)(await Snapshot(await array.CreateSnapshot(volume)))["checksum"];
        session.Lun.Write(4096, [4]);
        var third = (string?)(await Snapshot(await array.CreateSnapshot(volume)))["checksum"];
        Assert.Matches("^0x[0-9a-f]{16}$", first);
        Assert.Equal(first, second);
        Assert.NotEqual(first, third);
    }

    [Fact]
    public async Task A_snapshot_keeps_the_bytes_of_its_instant()
    {
        var volume = await array.CreateVolume();
        await array.GroupWithHost(volume);
        using var session = array.Simulator.Login(Array.HostIqn, array.Iqn(volume))!;
        session.Lun.Write(1 << 20, [1, 2, 3]);
        var snapshot = await array.CreateSnapshot(volume);
        session.Lun.Write(1 << 20, [9, 9, 9]);
        var path = Path.GetTempFileName();
        try
        {
            array.Simulator.MaterializeSnapshot(snapshot, path);
            using (var file = File.OpenRead(path))
            {
                file.Position = 1 << 20;
                Assert.Equal(1, file.ReadByte());
                Assert.Equal(1_000_341_504, file.Length);
            }

            array.Simulator.MaterializeVolume(volume, path);
            using var now = File.OpenRead(path);
            now.Position = 1 << 20;
            Assert.Equal(9, now.ReadByte());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_group_is_all_or_nothing_and_its_members_share_name_and_time()
    {
        var first = await array.CreateVolume();
        var second = await array.CreateVolume();
        var group = await array.Call("CreateGroupSnapshot", new JsonObject { ["volumes"] = new JsonArray(first, second), ["name"] = "both" });
        Assert.Equal(2, group["members"]!.AsArray().Count);
        Assert.Equal("both", (string?)(await Snapshot((long)group["members"]![0]!["snapshotID"]!))["name"]);
        Assert.Equal("xInvalidAPIParameter", await array.Error("CreateGroupSnapshot", new JsonObject { ["volumes"] = new JsonArray() }));
        Assert.Equal("xInvalidAPIParameter", await array.Error("CreateGroupSnapshot", new JsonObject { ["volumes"] = new JsonArray(first) }));
        Assert.Equal("xVolumeIDDoesNotExist", await array.Error("CreateGroupSnapshot", new JsonObject { ["volumes"] = new JsonArray(first, 77) }));
        Assert.Single(await array.ListedSnapshots(first));
        await array.Call("DeleteGroupSnapshot", new JsonObject { ["groupSnapshotID"] = (long)group["groupSnapshotID"]!, ["saveMembers"] = false });
        Assert.Empty(await array.ListedSnapshots(first));
        Assert.Empty(await array.Listed("ListGroupSnapshots", "groupSnapshots", "groupSnapshotID"));
    }

    [Fact]
    public async Task A_change_that_is_refused_changes_nothing()
    {
        var volume = await array.CreateVolume();
        var snapshot = await array.CreateSnapshot(volume, new JsonObject { ["name"] = "kept" });
        Assert.Equal("xInvalidParameterType", await array.Error("ModifySnapshot", new JsonObject { ["snapshotID"] = snapshot, ["expirationTime"] = "2020-01-01T00:00:00Z", ["enableRemoteReplication"] = "perhaps" }));
        array.Clock.Advance(TimeSpan.FromMinutes(1));
        array.Simulator.Step();
        Assert.Null((await Snapshot(snapshot))["expirationTime"]);
    }

    [Fact]
    public async Task A_request_that_something_repeats_is_done_twice()
    {
        var volume = await array.CreateVolume();
        array.Faults.On("solidfire", "CreateSnapshot").Duplicate();
        var told = await array.CreateSnapshot(volume, new JsonObject { ["name"] = "twice" });
        Assert.Equal([told - 1, told], await array.ListedSnapshots(volume));
        Assert.True(array.Faults.AllFired());
    }

    [Fact]
    public async Task The_fifo_pool_evicts_its_oldest()
    {
        var volume = await array.CreateVolume(more: new JsonObject { ["fifoSize"] = 2 });
        var first = await array.CreateSnapshot(volume, new JsonObject { ["expirationTime"] = "fifo" });
        await array.CreateSnapshot(volume, new JsonObject { ["expirationTime"] = "fifo" });
        await array.CreateSnapshot(volume, new JsonObject { ["expirationTime"] = "fifo" });
        var left = await array.ListedSnapshots(volume);
        Assert.Equal(2, left.Count);
        Assert.DoesNotContain(first, left);
    }

    [Fact]
    public async Task Unknown_ids_are_errors()
    {
        Assert.Equal("xVolumeIDDoesNotExist", await array.Error("ListSnapshots", new JsonObject { ["volumeID"] = 5 }));
        Assert.Equal("xSnapshotIDDoesNotExist", await array.Error("DeleteSnapshot", new JsonObject { ["snapshotID"] = 5 }));
        Assert.Equal("xVolumeIDDoesNotExist", await array.Error("CreateSnapshot", new JsonObject { ["volumeID"] = 5 }));
    }
}
