using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.SolidFire;

public sealed class ProtocolTests : IDisposable
{
    private readonly Array array = new();

    public void Dispose() => array.Dispose();

    private async Task<(HttpStatusCode Status, string Body, HttpResponseHeaders Headers)> Raw(string body, string path = "/json-rpc/12.5", string? authorization = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body) };
        request.Content.Headers.ContentType = null;
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        using var response = await array.Client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers);
    }

    [Theory]
    [InlineData("\"abc\"")]
    [InlineData("17")]
    public async Task The_id_comes_back_with_its_type(string id)
    {
        var (_, body, _) = await Raw($$"""{"id":{{id}},"params":null,"method":"GetClusterInfo","jsonrpc":"2.0"}""");
        Assert.Equal(id, JsonNode.Parse(body)!["id"]!.ToJsonString());
        Assert.Null(JsonNode.Parse(body)!["jsonrpc"]);
    }

    [Fact]
    public async Task A_request_without_an_id_is_answered_with_a_null_id()
    {
        var (_, body, _) = await Raw("""{"method":"GetClusterInfo"}""");
        Assert.StartsWith("""{"id":null,""", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/json-rpc/12.5/")]
    [InlineData("/json-rpc/1.0/")]
    [InlineData("/json-rpc/8.0?method=GetClusterInfo")]
    public async Task Trailing_slash_query_and_older_versions_are_served(string path) =>
        Assert.Equal(HttpStatusCode.OK, (await Raw("""{"method":"GetClusterInfo"}""", path)).Status);

    [Theory]
    [InlineData("/json-rpc/12.8")]
    [InlineData("/json-rpc/99.0")]
    [InlineData("/json-rpc")]
    [InlineData("/")]
    public async Task Unknown_versions_and_paths_are_404(string path) =>
        Assert.Equal(HttpStatusCode.NotFound, (await Raw("""{"method":"GetClusterInfo"}""", path)).Status);

    [Theory]
    [InlineData("Basic YWRtaW46d3Jvbmc=")]
    [InlineData("Bearer x")]
    [InlineData("Basic ***")]
    public async Task Wrong_credentials_are_challenged_with_a_body_that_is_no_json(string authorization)
    {
        array.Client.DefaultRequestHeaders.Authorization = null;
        var (status, body, headers) = await Raw("{}", authorization: authorization);
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Equal("Basic", headers.WwwAuthenticate.Single().Scheme);
        Assert.Contains("401 Unauthorized.", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""[{"method":"GetAPI"}]""")]
    public async Task A_body_that_is_no_object_is_400(string body) => Assert.Equal(HttpStatusCode.BadRequest, (await Raw(body)).Status);

    [Fact]
    public async Task Unknown_methods_and_missing_parameters_have_their_names()
    {
        Assert.Equal("xUnknownAPIMethod", await array.Error("MakeCoffee"));
        var answer = await array.Post("DeleteVolume");
        Assert.Equal("xMissingParameter", (string?)answer["error"]!["name"]);
        Assert.Equal("Missing member=[volumeID]", (string?)answer["error"]!["message"]);
    }

    [Fact]
    public async Task Unknown_parameters_are_reported_and_no_error()
    {
        var answer = await array.Post("ListVolumes", new JsonObject { ["limit"] = 1, ["colour"] = "blue" });
        Assert.Equal("""{"colour":"blue"}""", answer["unusedParameters"]!.ToJsonString());
        Assert.Null((await array.Post("ListVolumes", new JsonObject { ["limit"] = 1 }))["unusedParameters"]);
    }

    [Fact]
    public async Task Numeric_strings_and_absent_values_are_understood()
    {
        var volume = await array.CreateVolume(more: new JsonObject { ["qos"] = new JsonObject(), ["attributes"] = null, ["access"] = "" });
        var listed = await array.ListedVolumes(new JsonObject { ["startVolumeID"] = volume.ToString(), ["limit"] = "1" });
        Assert.Equal([volume], listed);
        await array.CreateSnapshot(volume, new JsonObject { ["snapshotID"] = 0, ["retention"] = "", ["name"] = "", ["attributes"] = null });
        Assert.Equal("xInvalidParameterType", await array.Error("DeleteVolume", new JsonObject { ["volumeID"] = "many" }));
    }

    [Fact]
    public async Task GetAPI_lists_versions_as_text_and_the_methods_served()
    {
        var api = await array.Call("GetAPI");
        Assert.Equal("12.5", (string?)api["currentVersion"]);
        Assert.Contains("8.0", api["supportedVersions"]!.AsArray().Select(version => (string?)version));
        Assert.DoesNotContain("12.7", api["supportedVersions"]!.AsArray().Select(version => (string?)version));
        Assert.Contains("CloneVolume", api["12.5"]!.AsArray().Select(method => (string?)method));
    }

    [Fact]
    public async Task A_dropped_request_does_nothing_and_a_dropped_answer_leaves_its_effect()
    {
        array.Faults.On("solidfire", "CreateVolume").DropRequest();
        await Assert.ThrowsAsync<HttpRequestException>(() => array.CreateVolume());
        Assert.Empty(await array.ListedVolumes());
        Assert.Equal(0, array.Faults.CallsOf("solidfire", "CreateVolume"));
        array.Faults.On("solidfire", "CreateVolume").DropAnswer();
        await Assert.ThrowsAsync<HttpRequestException>(() => array.CreateVolume());
        Assert.Single(await array.ListedVolumes());
        Assert.Equal(1, array.Faults.CallsOf("solidfire", "CreateVolume"));
        Assert.True(array.Faults.AllFired());
    }

    [Fact]
    public async Task A_planned_error_has_the_name_asked_for_and_no_effect()
    {
        array.Faults.On("solidfire", "CreateVolume").Fail("xDBVersionMismatch");
        Assert.Equal("xDBVersionMismatch", await array.Error("CreateVolume", new JsonObject()));
        Assert.Empty(await array.ListedVolumes());
    }

    [Fact]
    public async Task A_stalled_answer_comes_when_the_clock_has_moved_and_its_effect_is_there_at_once()
    {
        array.Faults.On("solidfire", "CreateVolume").Stall(TimeSpan.FromSeconds(90));
        var creating = array.CreateVolume();
        Assert.False(creating.IsCompleted);
        Assert.Single(await array.ListedVolumes());
        array.Clock.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(1, await creating);
    }

    [Fact]
    public async Task After_a_restart_connections_break_until_the_time_away_is_over()
    {
        array.Faults.On("solidfire", "GetLimits").Restart(TimeSpan.FromSeconds(5));
        await Assert.ThrowsAsync<HttpRequestException>(() => array.Call("GetLimits"));
        await Assert.ThrowsAsync<HttpRequestException>(() => array.Call("GetClusterInfo"));
        array.Clock.Advance(TimeSpan.FromSeconds(5));
        await array.Call("GetClusterInfo");
    }

    [Fact]
    public async Task Limits_are_the_options()
    {
        using var small = new Array(new SolidFireOptions { Limits = new SolidFireLimits { SnapshotsPerVolume = 10 } });
        Assert.Equal(10, (int)(await small.Call("GetLimits"))["snapshotsPerVolumeMax"]!);
    }

    [Fact]
    public async Task Provisioned_space_is_the_sum_of_zero_and_other_blocks()
    {
        await array.CreateVolume();
        var capacity = (await array.Call("GetClusterCapacity"))["clusterCapacity"]!;
        Assert.Equal(1_000_341_504, (long)capacity["provisionedSpace"]!);
        Assert.Equal((long)capacity["provisionedSpace"]!, ((long)capacity["zeroBlocks"]! + (long)capacity["nonZeroBlocks"]!) * 4096);
    }
}
