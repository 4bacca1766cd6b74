using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.SolidFire;

public sealed class VolumeTests : IDisposable
{
    private readonly Array array = new();

    public void Dispose() => array.Dispose();

    [Theory]
    [InlineData(1_000_000_000, 1_000_341_504)]
    [InlineData(2_000_000_000, 2_000_683_008)]
    [InlineData(5_000_000_000, 5_000_658_944)]
    [InlineData(1L << 30, 1L << 30)]
    public async Task Sizes_are_rounded_up_to_a_mebibyte(long asked, long made)
    {
        var volume = await array.CreateVolume(size: asked);
        var listed = (await array.Call("ListVolumes", new JsonObject { ["volumeIDs"] = new JsonArray(volume) }))["volumes"]![0]!;
        Assert.Equal(made, (long)listed["totalSize"]!);
    }

    [Fact]
    public async Task Identifiers_follow_from_the_cluster_and_the_id()
    {
        var volume = await array.CreateVolume("Data-090625Z");
        var listed = (await array.Call("ListVolumes", new JsonObject { ["volumeIDs"] = new JsonArray(volume) }))["volumes"]![0]!;
        Assert.Equal("iqn.2010-01.com.solidfire:1mhp.data-090625z.1", (string?)listed["iqn"]);
        Assert.Equal("316d687000000001f47acc0100000000", (string?)listed["scsiEUIDeviceID"]);
        Assert.Equal("6f47acc100000000316d687000000001", (string?)listed["scsiNAADeviceID"]);
        Assert.Equal("active", (string?)listed["status"]);
        Assert.Equal("", (string?)listed["deleteTime"]);
    }

    [Theory]
    [InlineData("under_score")]
    [InlineData("")]
    [InlineData("a2345678901234567890123456789012345678901234567890123456789012345")]
    public async Task Bad_names_are_refused(string name) => Assert.Equal("xInvalidAPIParameter", await array.Error("CreateVolume",
        new JsonObject { ["name"] = name, ["accountID"] = array.AccountId, ["totalSize"] = 1_000_000_000, ["enable512e"] = true }));

    [Fact]
    public async Task Too_small_is_refused() => Assert.Equal("xInvalidAPIParameter", await array.Error("CreateVolume",
        new JsonObject { ["name"] = "a", ["accountID"] = array.AccountId, ["totalSize"] = 999_999_999, ["enable512e"] = true }));

    [Fact]
    public async Task Names_may_repeat_and_the_exact_name_finds_all_of_them()
    {
        var first = await array.CreateVolume("twin");
        var second = await array.CreateVolume("twin");
        await array.CreateVolume("other");
        Assert.Equal([first, second], await array.ListedVolumes(new JsonObject { ["volumeName"] = "twin" }));
    }

    [Fact]
    public async Task Attributes_are_replaced_as_a_whole_and_stay_under_a_thousand_bytes()
    {
        var volume = await array.CreateVolume(more: new JsonObject { ["attributes"] = new JsonObject { ["a"] = 1, ["b"] = true } });
        var changed = await array.Call("ModifyVolume", new JsonObject { ["volumeID"] = volume, ["attributes"] = new JsonObject { ["c"] = "x" } });
        Assert.Equal("""{"c":"x"}""", changed["volume"]!["attributes"]!.ToJsonString());
        Assert.Equal("xExceededLimit", await array.Error("ModifyVolume",
            new JsonObject { ["volumeID"] = volume, ["attributes"] = new JsonObject { ["c"] = new string('x', 1000) } }));
    }

    [Fact]
    public async Task A_volume_grows_and_does_not_shrink()
    {
        var volume = await array.CreateVolume();
        var grown = await array.Call("ModifyVolume", new JsonObject { ["volumeID"] = volume, ["totalSize"] = 2L << 30 });
        Assert.Equal(2L << 30, (long)grown["volume"]!["totalSize"]!);
        Assert.Equal("xVolumeShrinkProhibited", await array.Error("ModifyVolume", new JsonObject { ["volumeID"] = volume, ["totalSize"] = 1L << 30 }));
    }

    [Fact]
    public async Task A_deleted_volume_can_be_restored_until_it_is_purged_by_the_clock()
    {
        var volume = await array.CreateVolume();
        var deleted = (await array.Call("DeleteVolume", new JsonObject { ["volumeID"] = volume }))["volume"]!;
        Assert.Equal("deleted", (string?)deleted["status"]);
        Assert.Equal("2026-03-01T20:00:00Z", (string?)deleted["purgeTime"]);
        Assert.Equal("xVolumeIDDoesNotExist", await array.Error("DeleteVolume", new JsonObject { ["volumeID"] = volume }));
        Assert.Empty(await array.Listed("ListActiveVolumes", "volumes", "volumeID"));
        Assert.Equal([volume], await array.Listed("ListDeletedVolumes", "volumes", "volumeID"));
        Assert.Equal([volume], await array.Listed("ListVolumesForAccount", "volumes", "volumeID", new JsonObject { ["accountID"] = array.AccountId }));
        await array.Call("RestoreDeletedVolume", new JsonObject { ["volumeID"] = volume });
        Assert.Equal([volume], await array.Listed("ListActiveVolumes", "volumes", "volumeID"));
        await array.Call("DeleteVolume", new JsonObject { ["volumeID"] = volume });
        array.Clock.Advance(TimeSpan.FromHours(8));
        Assert.Empty(await array.ListedVolumes());
        Assert.Equal("xVolumeIDDoesNotExist", await array.Error("RestoreDeletedVolume", new JsonObject { ["volumeID"] = volume }));
        Assert.NotEqual(volume, await array.CreateVolume());
    }

    [Fact]
    public async Task Only_deleted_volumes_are_purged_and_their_space_and_snapshots_go()
    {
        var volume = await array.CreateVolume();
        await array.GroupWithHost(volume);
        using (var session = array.Simulator.Login(Array.HostIqn, array.Iqn(volume))!)
        {
            session.Lun.Write(0, [1]);
        }

        var snapshot = await array.CreateSnapshot(volume);
        Assert.Equal("xVolumeIDDoesNotExist", await array.Error("PurgeDeletedVolume", new JsonObject { ["volumeID"] = volume }));
        await array.Call("DeleteVolume", new JsonObject { ["volumeID"] = volume });
        await array.Call("PurgeDeletedVolume", new JsonObject { ["volumeID"] = volume });
        Assert.Equal("xSnapshotIDDoesNotExist", await array.Error("ListSnapshots", new JsonObject { ["snapshotID"] = snapshot }));
        Assert.Equal(0, array.Store.AllocatedBlocks);
    }

    [Fact]
    public async Task Accounts_are_found_by_id_and_name_and_are_unique()
    {
        Assert.Equal("xDuplicateUsername", await array.Error("AddAccount", new JsonObject { ["username"] = "tenant" }));
        Assert.Equal("xUnknownAccount", await array.Error("GetAccountByName", new JsonObject { ["username"] = "nobody" }));
        Assert.Equal("xAccountIDDoesNotExist", await array.Error("GetAccountByID", new JsonObject { ["accountID"] = 99 }));
        var volume = await array.CreateVolume();
        var account = (await array.Call("GetAccountByName", new JsonObject { ["username"] = "tenant" }))["account"]!;
        Assert.Equal([volume], account["volumes"]!.AsArray().Select(id => (long)id!));
        Assert.InRange(((string)account["initiatorSecret"]!).Length, 12, 16);
    }

    [Fact]
    public async Task A_cluster_that_is_nearly_full_makes_nothing_and_says_so()
    {
        using var small = new Array(new SolidFireOptions { CloneTime = TimeSpan.Zero, ProvisionableSpace = 201_000_000 });
        var volume = await small.CreateVolume();
        var snapshot = await small.CreateSnapshot(volume);
        await small.GroupWithHost(volume);
        using var session = small.Simulator.Login(Array.HostIqn, small.Iqn(volume))!;
        var noise = new byte[8 << 20];
        new Random(1).NextBytes(noise);
        for (var at = 0L; at < 150_000_000; at += noise.Length) session.Lun.Write(at, noise);
        Assert.Equal("stage4Critical", (string?)(await small.Call("GetClusterFullThreshold"))["fullness"]);
        Assert.Contains("stage4Critical", await Refusal("CreateSnapshot", new JsonObject { ["volumeID"] = volume }), StringComparison.Ordinal);
        Assert.Contains("stage4Critical", await Refusal("CloneVolume", new JsonObject { ["volumeID"] = volume, ["snapshotID"] = snapshot, ["name"] = "clone" }), StringComparison.Ordinal);
        Assert.Contains("stage4Critical", await Refusal("CreateVolume", new JsonObject { ["name"] = "more", ["accountID"] = small.AccountId, ["totalSize"] = 1_000_000_000, ["enable512e"] = true }), StringComparison.Ordinal);
        await small.Call("DeleteVolume", new JsonObject { ["volumeID"] = volume });
        await small.Call("PurgeDeletedVolume", new JsonObject { ["volumeID"] = volume });
        await small.CreateVolume("again");

        async Task<string> Refusal(string method, JsonObject parameters) => (string)(await small.Post(method, parameters))["error"]!["message"]!;
    }
}
