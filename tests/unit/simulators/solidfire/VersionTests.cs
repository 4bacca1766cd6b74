using System.Text.Json.Nodes;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.SolidFire;

/// <summary>An older path knows neither later methods nor later parameters nor later members.</summary>
public sealed class VersionTests : IDisposable
{
    private readonly Array array = new();

    public void Dispose() => array.Dispose();

    [Theory]
    [InlineData("CreateSnapshot", "5.1", "6.0")]
    [InlineData("CreateGroupSnapshot", "6.0", "7.0")]
    [InlineData("ListVolumes", "7.4", "8.0")]
    [InlineData("CopyVolume", "8.7", "9.0")]
    [InlineData("CreateQoSPolicy", "9.6", "10.0")]
    public async Task A_method_is_known_from_its_version_on(string method, string before, string since)
    {
        Assert.Equal("xUnknownAPIMethod", (string?)(await array.Post(method, path: $"/json-rpc/{before}"))["error"]!["name"]);
        Assert.NotEqual("xUnknownAPIMethod", (string?)(await array.Post(method, path: $"/json-rpc/{since}"))["error"]?["name"]);
        Assert.DoesNotContain(method, await Methods(before));
        Assert.Contains(method, await Methods(since));
    }

    [Fact]
    public async Task A_later_parameter_is_unused_and_has_no_effect()
    {
        var volume = await array.CreateVolume();
        var answer = await array.Post("CreateSnapshot", new JsonObject { ["volumeID"] = volume, ["retention"] = "00:00:01" }, "/json-rpc/7.0");
        Assert.Equal("""{"retention":"00:00:01"}""", answer["unusedParameters"]!.ToJsonString());
        array.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Single(await array.ListedSnapshots(volume));
    }

    [Fact]
    public async Task Later_members_are_missing_from_older_answers_and_attributes_are_left_alone()
    {
        var volume = await array.CreateVolume(more: new JsonObject { ["attributes"] = new JsonObject { ["fifoSize"] = 1 } });
        var old = (await array.Post("ListActiveVolumes", path: "/json-rpc/4.0"))["result"]!["volumes"]![0]!.AsObject();
        Assert.Equal((false, false, false), (old.ContainsKey("fifoSize"), old.ContainsKey("volumeAccessGroups"), old.ContainsKey("qosPolicyID")));
        Assert.Equal(volume, (long)old["volumeID"]!);
        Assert.Equal(1, (int)old["attributes"]!["fifoSize"]!);
        var now = (await array.Call("ListActiveVolumes"))["volumes"]![0]!.AsObject();
        Assert.True(now.ContainsKey("fifoSize") && now.ContainsKey("qosPolicyID"));
        Assert.False(now.ContainsKey("dontMoveForIopsRebalance"));
    }

    private async Task<IReadOnlyList<string?>> Methods(string version) =>
        [.. (await array.Post("GetAPI", path: $"/json-rpc/{version}"))["result"]![version]!.AsArray().Select(name => (string?)name)];
}
