using System.Net;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Clients;

public sealed class CloudStackClientTests
{
    private readonly ScriptedHandler _handler = new();
    private readonly RecordingLogger<CloudStackClient> _log = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly CloudStackClient _client;

    public CloudStackClientTests() => _client = new CloudStackClient(_handler.Client(), new CloudStackOptions
    {
        Endpoint = new Uri("https://cloud/client/api"),
        ApiKey = "APIKEY123",
        SecretKey = "SecretKey456",
        ReadAttempts = 3,
        RetryDelay = TimeSpan.Zero,
        RetryDelayMax = TimeSpan.Zero,
    }, _clock, _log);

    // Both vectors were worked out outside this code base, from the published rules alone.
    [Fact]
    public async Task A_call_is_signed_as_the_server_signs_it()
    {
        _handler.Json("""{"listzonesresponse":{"count":1,"zone":[{"id":"z","name":"Z"}]}}""");
        Assert.Single(await _client.ListZonesAsync(default));
        Assert.Equal("apikey=APIKEY123&command=listZones&expires=2026-01-01T00%3A10%3A00Z&page=1&pagesize=200&response=json&signatureversion=3&signature=3%2BnYxFE15cqqG29AMYHflDU68Yg%3D", _handler.Sent[0].Body);
        Assert.Equal(HttpMethod.Post, _handler.Sent[0].Method);
    }

    [Fact]
    public async Task Signs_that_java_and_net_escape_differently_are_escaped_as_java_does()
    {
        _handler.Json("""{"createtagsresponse":{"jobid":"j1"}}""");
        Assert.Equal("j1", await _client.CreateTagsAsync("Volume", ["v-1"], new Dictionary<string, string> { ["a b*~"] = "Ü+/&=" }, default));
        Assert.Equal("apikey=APIKEY123&command=createTags&expires=2026-01-01T00%3A10%3A00Z&resourceids=v-1&resourcetype=Volume&response=json&signatureversion=3&tags[0].key=a%20b*%7E&tags[0].value=%C3%9C%2B%2F%26%3D&signature=fWeLISqjJ5exe1lelAgpU%2F%2BKmFc%3D", _handler.Sent[0].Body);
    }

    [Fact]
    public async Task An_answer_without_end_is_given_up()
    {
        _handler.Then(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new EndlessStream()) });
        var fault = await Assert.ThrowsAsync<CloudStackOutcomeUnknownException>(() => _client.CreateTagsAsync("Volume", ["v"], new Dictionary<string, string> { ["a"] = "b" }, default));
        Assert.Contains("256 MiB", fault.InnerException?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_volume_is_found_by_its_id()
    {
        _handler.Json("""{"listvolumesresponse":{"count":1,"volume":[{"id":"V-1","name":"data","size":"1073741824","path":"p","zoneid":"z","virtualmachineid":"m","tags":[{"key":"a","value":"b"}],"unheard":1}]}}""");
        var volume = await _client.FindVolumeAsync("v-1", default);
        Assert.Equal((1_073_741_824, "p", "m", "b"), (volume!.Bytes, volume.Path, volume.VirtualMachineId, volume.Tags[0].Value));
        Assert.Contains("listall=true", _handler.Sent[0].Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"listvolumesresponse":{}}""", HttpStatusCode.OK)]
    [InlineData("""{"listvolumesresponse":{"uuidList":[],"errorcode":431,"cserrorcode":9999,"errortext":"Invalid parameter id value=x due to incorrect long value format, or entity does not exist"}}""", (HttpStatusCode)431)]
    public async Task A_volume_that_is_not_there_is_null(string body, HttpStatusCode status)
    {
        _handler.Json(body, status);
        Assert.Null(await _client.FindVolumeAsync("v-1", default));
    }

    [Fact]
    public async Task An_answer_about_another_volume_is_refused()
    {
        _handler.Json("""{"listvolumesresponse":{"count":1,"volume":[{"id":"v-2"}]}}""");
        await Assert.ThrowsAsync<CloudStackException>(() => _client.FindVolumeAsync("v-1", default));
    }

    [Theory]
    [InlineData(401, CloudStackErrorKind.PermissionDenied)]
    [InlineData(431, CloudStackErrorKind.Rejected)]
    [InlineData(432, CloudStackErrorKind.Rejected)]
    [InlineData(531, CloudStackErrorKind.PermissionDenied)]
    [InlineData(536, CloudStackErrorKind.Busy)]
    public async Task A_verdict_is_not_asked_for_twice(int code, CloudStackErrorKind kind)
    {
        _handler.Json($$$"""{"errorresponse":{"errorcode":{{{code}}},"cserrorcode":4250,"errortext":"no SecretKey456"}}""", (HttpStatusCode)code);
        var fault = await Assert.ThrowsAsync<CloudStackException>(() => _client.ListZonesAsync(default));
        Assert.Equal((code, 4250, kind), (fault.ErrorCode, fault.CsErrorCode, fault.Kind));
        Assert.DoesNotContain("SecretKey456", fault.ToString(), StringComparison.Ordinal);
        Assert.Single(_handler.Sent);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(530)]
    [InlineData(534)]
    public async Task A_read_is_repeated_after_a_passing_error(int code)
    {
        _handler.Json($$$"""{"errorresponse":{"errorcode":{{{code}}},"errortext":"later"}}""", (HttpStatusCode)code).Fail(new HttpRequestException(HttpRequestError.ResponseEnded)).Json("""{"listzonesresponse":{}}""");
        Assert.Empty(await _client.ListZonesAsync(default));
        Assert.Equal(3, _handler.Sent.Count);
        Assert.Equal(2, _log.Lines.Count);
        Assert.All(_log.Lines, line => Assert.DoesNotContain("SecretKey456", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_sent_once_and_its_outcome_is_open()
    {
        _handler.Fail(new HttpRequestException(HttpRequestError.ResponseEnded)).Json("""{"createtagsresponse":{"errorcode":530,"errortext":"internal"}}""", (HttpStatusCode)530);
        await Assert.ThrowsAsync<CloudStackOutcomeUnknownException>(TagAsync);
        await Assert.ThrowsAsync<CloudStackOutcomeUnknownException>(TagAsync);
        Assert.Equal(2, _handler.Sent.Count);
    }

    [Fact]
    public async Task Every_page_of_a_list_is_read()
    {
        var first = string.Join(',', Enumerable.Range(0, 200).Select(i => $$"""{"id":"s{{i}}"}"""));
        _handler.Json($$$"""{"listsnapshotsresponse":{"count":201,"snapshot":[{{{first}}}]}}""").Json("""{"listsnapshotsresponse":{"count":201,"snapshot":[{"id":"last"}]}}""");
        var snapshots = await _client.ListSnapshotsAsync(new() { VolumeId = "v" }, default);
        Assert.Equal(201, snapshots.Count);
        Assert.Contains("page=2", _handler.Sent[1].Body, StringComparison.Ordinal);
    }

    /// <summary>Nothing found is an empty object, without a count: as when rows went while the pages were read, or the server lost them.</summary>
    [Theory]
    [InlineData(201, """{"listvolumesresponse":{}}""")]
    [InlineData(201, """{"listvolumesresponse":{"count":201}}""")]
    [InlineData(401, """{"listvolumesresponse":{"count":400,"volume":[{"id":"last"}]}}""")]
    [InlineData(202, """{"listvolumesresponse":{"count":201,"volume":[{"id":"last"}]}}""")]
    public async Task A_list_that_is_shorter_than_it_says_or_shrinks_on_the_way_is_no_list(int count, string second)
    {
        var first = string.Join(',', Enumerable.Range(0, 200).Select(i => $$"""{"id":"v{{i}}"}"""));
        _handler.Json($$$"""{"listvolumesresponse":{"count":{{{count}}},"volume":[{{{first}}}]}}""").Json(second);
        var fault = await Assert.ThrowsAsync<CloudStackException>(() => _client.ListVolumesAsync(default));
        Assert.Equal(CloudStackErrorKind.Transient, fault.Kind);
        Assert.Equal(2, _handler.Sent.Count);
    }

    [Fact]
    public async Task A_list_that_grows_on_the_way_is_read_to_its_new_end()
    {
        var first = string.Join(',', Enumerable.Range(0, 200).Select(i => $$"""{"id":"v{{i}}"}"""));
        _handler.Json($$$"""{"listvolumesresponse":{"count":201,"volume":[{{{first}}}]}}""").Json("""{"listvolumesresponse":{"count":202,"volume":[{"id":"v199"},{"id":"last"}]}}""");
        Assert.Equal(202, (await _client.ListVolumesAsync(default)).Count);
    }

    [Fact]
    public async Task A_first_page_without_the_rows_that_it_counts_is_no_list()
    {
        _handler.Json("""{"listvolumesresponse":{"count":3}}""");
        Assert.Equal(CloudStackErrorKind.Transient, (await Assert.ThrowsAsync<CloudStackException>(() => _client.ListVolumesAsync(default))).Kind);
    }

    [Fact]
    public async Task Where_no_count_is_told_a_page_that_is_not_full_is_the_last()
    {
        var first = string.Join(',', Enumerable.Range(0, 200).Select(i => $$"""{"id":"v{{i}}"}"""));
        _handler.Json($$$"""{"listvolumesresponse":{"volume":[{{{first}}}]}}""").Json("""{"listvolumesresponse":{"volume":[{"id":"last"}]}}""");
        Assert.Equal(201, (await _client.ListVolumesAsync(default)).Count);
    }

    [Fact]
    public async Task A_job_is_looked_at_until_it_ends()
    {
        _handler.Json("""{"queryasyncjobresultresponse":{"jobid":"j","jobstatus":0}}""")
            .Json("""{"queryasyncjobresultresponse":{"jobid":"j","cmd":"createTags","jobstatus":1,"jobresult":{"success":true}}}""");
        var waiting = _client.WaitForJobAsync("j", default);
        while (!waiting.IsCompleted)
        {
            if (!_clock.AdvanceToNextTimer()) await Task.Yield();
        }
        Assert.Equal(CloudStackJobState.Succeeded, (await waiting).State);
    }

    [Fact]
    public async Task A_job_that_failed_says_why()
    {
        _handler.Json("""{"queryasyncjobresultresponse":{"jobid":"j","cmd":"createTags","jobstatus":2,"jobresultcode":530,"jobresult":{"errorcode":431,"errortext":"bad tag"}}}""");
        var fault = await Assert.ThrowsAsync<CloudStackException>(() => _client.WaitForJobAsync("j", default));
        Assert.Equal((431, CloudStackErrorKind.Rejected), (fault.ErrorCode, fault.Kind));
    }

    private Task<string> TagAsync() => _client.CreateTagsAsync("Volume", ["v"], new Dictionary<string, string> { ["a"] = "b" }, default);
}
