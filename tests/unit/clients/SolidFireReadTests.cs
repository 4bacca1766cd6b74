using System.Net;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Clients;

public sealed class SolidFireReadTests
{
    private readonly SolidFireRig _rig = new();

    [Fact]
    public async Task A_volume_is_read_with_what_is_unknown_skipped()
    {
        _rig.Result($$"""{"volumes":[{{SolidFireRig.Volume(7)}}]}""");
        var volume = await _rig.Client.FindVolumeAsync(7, default);
        Assert.NotNull(volume);
        Assert.Equal(1_000_341_504, volume.TotalBytes);
        Assert.Equal("k", volume.FindAttribute("key"));
        Assert.Equal("3", volume.FindAttribute("n"));
        Assert.Null(volume.FindAttribute("absent"));
        Assert.Null(volume.DeletedAt);
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), volume.CreatedAt);
        Assert.Equal([4L], volume.AccessGroupIds);
        Assert.True(volume.IsActive);
    }

    [Fact]
    public async Task Credentials_go_with_the_first_request()
    {
        _rig.Result("""{"volumes":[]}""");
        await _rig.Client.FindVolumeAsync(7, default);
        Assert.Contains("Basic YWRtaW46Y2FuYXJ5LThmM2E=", _rig.Handler.Sent[0].Headers, StringComparison.Ordinal);
        Assert.Equal("https://mvip/json-rpc/12.5", _rig.Handler.Sent[0].Address.ToString());
    }

    [Theory]
    [InlineData("init", true, CloneStanding.Running)]
    [InlineData("init", false, CloneStanding.Running)]
    [InlineData("active", true, CloneStanding.Done)]
    [InlineData("active", false, CloneStanding.Done)]
    [InlineData("deleted", true, CloneStanding.Failed)]
    [InlineData("deleted", false, CloneStanding.Failed)]
    public async Task A_clone_that_is_listed_stands_as_its_volume_stands(string status, bool succeeded, CloneStanding standing)
    {
        var listed = $$"""{"volumes":[{{SolidFireRig.Volume(9, status)}}]}""";
        if (succeeded) _rig.Result("""{"status":"complete","resultType":"Clone","result":{"cloneID":3,"volumeID":7}}""");
        else _rig.Error("xAsyncHandleDoesNotExist");
        _rig.Result(listed);
        if (status == "init" && !succeeded) _rig.Result("""{"syncJobs":[]}""").Result(listed);
        Assert.Equal(standing, await _rig.Client.FindCloneStandingAsync(new CloneStarted { AsyncHandle = 5, CloneId = 3, VolumeId = 9 }, default));
        Assert.Equal(0, _rig.Handler.Left);
    }

    [Fact]
    public async Task An_answer_about_another_volume_is_refused()
    {
        _rig.Result($$"""{"volumes":[{{SolidFireRig.Volume(8)}}]}""");
        var fault = await Assert.ThrowsAsync<SolidFireException>(() => _rig.Client.FindVolumeAsync(7, default));
        Assert.Equal(SolidFireErrors.WrongObject, fault.ErrorName);
    }

    [Theory]
    [InlineData("xVolumeIDDoesNotExist")]
    [InlineData("xVolumeDoesNotExist")]
    public async Task A_volume_that_is_not_there_is_null(string name)
    {
        _rig.Error(name);
        Assert.Null(await _rig.Client.FindVolumeAsync(7, default));
    }

    [Fact]
    public async Task A_reply_that_lacks_what_is_needed_is_an_error_and_is_not_read_again()
    {
        _rig.Result("""{"volumes":[{"volumeID":7}]}""");
        var fault = await Assert.ThrowsAsync<SolidFireException>(() => _rig.Client.FindVolumeAsync(7, default));
        Assert.Equal(SolidFireErrorKind.Rejected, fault.Kind);
        Assert.Single(_rig.Handler.Sent);
    }

    [Theory]
    [InlineData("xDBVersionMismatch")]
    [InlineData("xDBConnectionLoss")]
    [InlineData("xRecvTimeout")]
    [InlineData("xNotReadyForIO")]
    public async Task A_read_is_repeated_after_a_passing_error(string name)
    {
        _rig.Error(name).Error(name).Result("""{"volumes":[]}""");
        Assert.Null(await _rig.Client.FindVolumeAsync(7, default));
        Assert.Equal(3, _rig.Handler.Sent.Count);
        Assert.Equal(2, _rig.Log.Lines.Count(line => line.Contains("2102", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_read_is_repeated_after_a_broken_connection_a_500_and_a_reset()
    {
        _rig.Handler.Fail(new HttpRequestException(HttpRequestError.ResponseEnded)).Text("<html>", HttpStatusCode.InternalServerError);
        _rig.Result("""{"volumes":[]}""");
        Assert.Null(await _rig.Client.FindVolumeAsync(7, default));
    }

    [Fact]
    public async Task A_read_is_given_up_after_the_last_attempt()
    {
        _rig.Error("xDBVersionMismatch").Error("xDBVersionMismatch").Error("xDBVersionMismatch").Error("xDBVersionMismatch");
        var fault = await Assert.ThrowsAsync<SolidFireException>(() => _rig.Client.FindVolumeAsync(7, default));
        Assert.Equal(SolidFireErrorKind.Transient, fault.Kind);
        Assert.Equal(3, _rig.Handler.Sent.Count);
    }

    [Theory]
    [InlineData("xPermissionDenied", SolidFireErrorKind.PermissionDenied)]
    [InlineData("xInvalidAPIParameter", SolidFireErrorKind.Rejected)]
    [InlineData("xNeverHeardOf", SolidFireErrorKind.Rejected)]
    [InlineData("xMaxClonesPerNodeExceeded", SolidFireErrorKind.Busy)]
    public async Task A_verdict_is_not_asked_for_twice(string name, SolidFireErrorKind kind)
    {
        _rig.Error(name);
        var fault = await Assert.ThrowsAsync<SolidFireException>(() => _rig.Client.GetLimitsAsync(default));
        Assert.Equal((name, kind, "GetLimits"), (fault.ErrorName, fault.Kind, fault.Method));
        Assert.Single(_rig.Handler.Sent);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, SolidFireErrorKind.PermissionDenied, "SolidFire:Password")]
    [InlineData(HttpStatusCode.NotFound, SolidFireErrorKind.Rejected, "SolidFire:Endpoint")]
    [InlineData(HttpStatusCode.Redirect, SolidFireErrorKind.Rejected, "SolidFire:Endpoint")]
    public async Task An_http_refusal_names_the_setting_to_mend(HttpStatusCode status, SolidFireErrorKind kind, string setting)
    {
        _rig.Handler.Text("Refused.", status);
        var fault = await Assert.ThrowsAsync<SolidFireException>(() => _rig.Client.GetLimitsAsync(default));
        Assert.Equal(kind, fault.Kind);
        Assert.Contains(setting, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ignored_parameters_are_told_to_the_log()
    {
        _rig.Handler.Json("""{"id":1,"result":{"snapshotsPerVolumeMax":10},"unusedParameters":{"novelty":true}}""");
        Assert.Equal(10, (await _rig.Client.GetLimitsAsync(default)).SnapshotsPerVolumeMax);
        Assert.Contains(_rig.Log.Lines, line => line.Contains("novelty", StringComparison.Ordinal) && line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_deadline_ends_a_call_that_the_caller_did_not()
    {
        var clock = new ManualTimeProvider();
        var rig = new SolidFireRig(clock);
        rig.Handler.Silence();
        var call = rig.Client.DeleteSnapshotAsync(3, default);
        clock.Advance(TimeSpan.FromSeconds(31));
        var fault = await Assert.ThrowsAsync<SolidFireOutcomeUnknownException>(() => call);
        Assert.IsType<TimeoutException>(fault.InnerException);
    }

    [Fact]
    public async Task The_callers_cancellation_stays_a_cancellation()
    {
        using var cancelled = new CancellationTokenSource();
        _rig.Handler.Silence();
        var call = _rig.Client.DeleteSnapshotAsync(3, cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Versions_stay_text()
    {
        _rig.Result("""{"12.5":["GetAPI"],"currentVersion":"12.10","supportedVersions":["1.0","12.1","12.10"]}""");
        var api = await _rig.Client.GetApiAsync(default);
        Assert.Equal("12.10", api.CurrentVersion);
        Assert.Equal(["1.0", "12.1", "12.10"], api.SupportedVersions);
    }

    [Theory]
    [InlineData("""{"status":"running","resultType":"Clone","details":{}}""", AsyncState.Running, null)]
    [InlineData("""{"status":"complete","resultType":"Clone","result":{"message":"Clone complete.","volumeID":1}}""", AsyncState.Succeeded, null)]
    [InlineData("""{"status":"complete","resultType":"Clone","error":{"name":"xVolumeIDDoesNotExist","message":"gone"}}""", AsyncState.Failed, "xVolumeIDDoesNotExist")]
    [InlineData("""{"status":"complete","resultType":"Clone","result":{"error":{"name":"xSliceNotRegistered"}}}""", AsyncState.Failed, "xSliceNotRegistered")]
    public async Task A_jobs_end_is_read_from_every_form(string json, AsyncState state, string? error)
    {
        _rig.Result(json);
        var result = await _rig.Client.GetAsyncResultAsync(9, default);
        Assert.Equal((state, error), (result.State, result.ErrorName));
        Assert.Contains("\"keepResult\":true", _rig.Handler.Sent[0].Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("xAsyncHandleDoesNotExist")]
    [InlineData("xDBNoSuchPath")]
    public async Task A_job_that_vanished_is_an_unknown_handle(string name)
    {
        _rig.Error(name);
        Assert.Equal(AsyncState.UnknownHandle, (await _rig.Client.GetAsyncResultAsync(9, default)).State);
    }
}
