using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Tests.Unit.Clients;

public sealed class SolidFireWriteTests
{
    private readonly SolidFireRig _rig = new();

    public static TheoryData<string> Losses => ["reset", "http500", "http503", "notjson", "nonsense"];

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task A_write_whose_answer_is_lost_is_sent_once_and_its_outcome_is_open(string loss)
    {
        _ = loss switch
        {
            "reset" => _rig.Handler.Fail(new HttpRequestException(HttpRequestError.ResponseEnded)),
            "http500" => _rig.Handler.Text("<html>", HttpStatusCode.InternalServerError),
            "http503" => _rig.Handler.Text("busy", HttpStatusCode.ServiceUnavailable),
            "notjson" => _rig.Handler.Text("hello", HttpStatusCode.OK),
            _ => _rig.Handler.Json("""{"id":1,"result":{"volumeID":"many"}}"""),
        };
        var fault = await Assert.ThrowsAsync<SolidFireOutcomeUnknownException>(() => CloneAsync());
        Assert.True(fault.OutcomeUnknown);
        Assert.Single(_rig.Handler.Sent);
    }

    [Theory]
    [InlineData("xDBConnectionLoss")]
    [InlineData("xRpcTimeout")]
    [InlineData("xSnapshotFailed")]
    public async Task A_write_that_the_cluster_lost_half_way_is_open(string name)
    {
        _rig.Error(name);
        await Assert.ThrowsAsync<SolidFireOutcomeUnknownException>(() => CloneAsync());
        Assert.Single(_rig.Handler.Sent);
    }

    [Fact]
    public async Task A_write_that_was_refused_for_the_moment_is_not_repeated_here()
    {
        _rig.Error("xSliceNotRegistered");
        var fault = await Assert.ThrowsAsync<SolidFireException>(() => CloneAsync());
        Assert.Equal(SolidFireErrorKind.Transient, fault.Kind);
        Assert.Single(_rig.Handler.Sent);
    }

    [Theory]
    [InlineData(HttpRequestError.ConnectionError)]
    [InlineData(HttpRequestError.NameResolutionError)]
    [InlineData(HttpRequestError.SecureConnectionError)]
    public async Task A_write_without_a_connection_was_certainly_not_done(HttpRequestError error)
    {
        _rig.Handler.Fail(new HttpRequestException(error));
        var fault = await Assert.ThrowsAsync<SolidFireException>(() => CloneAsync());
        Assert.Equal((SolidFireErrors.NotConnected, SolidFireErrorKind.Transient), (fault.ErrorName, fault.Kind));
    }

    [Fact]
    public async Task A_clone_always_carries_its_own_attributes()
    {
        _rig.Result("""{"volumeID":42,"asyncHandle":9,"cloneID":77,"volume":{"status":"init"}}""");
        var clone = await CloneAsync();
        Assert.Equal((42, 9, 77), (clone.VolumeId, clone.AsyncHandle, clone.CloneId));
        var sent = JsonNode.Parse(_rig.Handler.Sent[0].Body)!["params"]!;
        Assert.Equal("k1", (string?)sent["attributes"]!["key"]);
        Assert.Equal(3, (int)sent["snapshotID"]!);
    }

    [Fact]
    public async Task What_is_gone_is_deleted()
    {
        _rig.Error("xVolumeIDDoesNotExist").Error("xSnapshotIDDoesNotExist").Error("xAlreadyInVolumeAccessGroup").Error("xNotInVolumeAccessGroup");
        await _rig.Client.DeleteVolumeAsync(7, default);
        await _rig.Client.DeleteSnapshotAsync(3, default);
        await _rig.Client.AddVolumesToVolumeAccessGroupAsync(1, [7], default);
        await _rig.Client.RemoveVolumesFromVolumeAccessGroupAsync(1, [7], default);
        Assert.Equal(4, _rig.Handler.Sent.Count);
    }

    [Fact]
    public async Task A_group_that_is_gone_is_not_a_member_already_in()
    {
        _rig.Error("xVolumeAccessGroupIDDoesNotExist");
        var fault = await Assert.ThrowsAsync<SolidFireException>(() => _rig.Client.AddVolumesToVolumeAccessGroupAsync(1, [7], default));
        Assert.Equal(SolidFireErrorKind.NotFound, fault.Kind);
    }

    [Fact]
    public async Task Purging_a_volume_that_is_active_does_not_pass_for_purged()
    {
        _rig.Error("xVolumeIDDoesNotExist").Result($$"""{"volumes":[{{SolidFireRig.Volume(7)}}]}""");
        var fault = await Assert.ThrowsAsync<SolidFireException>(() => _rig.Client.PurgeDeletedVolumeAsync(7, default));
        Assert.Equal(SolidFireErrorKind.Conflict, fault.Kind);
    }

    [Fact]
    public async Task Purging_what_is_purged_is_success()
    {
        _rig.Error("xVolumeIDDoesNotExist").Result("""{"volumes":[]}""");
        await _rig.Client.PurgeDeletedVolumeAsync(7, default);
        Assert.Equal(0, _rig.Handler.Left);
    }

    [Fact]
    public async Task A_snapshot_is_asked_for_with_its_fuse()
    {
        _rig.Result("""{"snapshotID":3,"checksum":"0x0","snapshot":{"snapshotID":3,"volumeID":7,"name":"s","status":"done","totalSize":1,"createTime":"2026-01-02T03:04:05Z","expirationTime":null}}""");
        var snapshot = await _rig.Client.CreateSnapshotAsync(7, "s", TimeSpan.FromHours(48), [], default);
        Assert.True(snapshot.IsDone);
        Assert.Contains("\"retention\":\"48:00:00\"", _rig.Handler.Sent[0].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_password_shows_in_no_error_and_no_log()
    {
        _rig.Error("xInvalidAPIParameter", $"bad login admin:{SolidFireRig.Password}").Error("xDBVersionMismatch", SolidFireRig.Password).Error("xPermissionDenied");
        var refused = await Assert.ThrowsAsync<SolidFireException>(() => CloneAsync());
        await Assert.ThrowsAsync<SolidFireException>(() => _rig.Client.GetLimitsAsync(default));
        Assert.DoesNotContain(SolidFireRig.Password, refused.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(_rig.Log.Lines);
        Assert.All(_rig.Log.Lines, line => Assert.DoesNotContain(SolidFireRig.Password, line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Chap_secrets_do_not_come_out_by_printing_or_serializing()
    {
        _rig.Result("""{"account":{"accountID":1,"username":"u","initiatorSecret":"canary-chap-1","targetSecret":"canary-chap-2"}}""");
        var account = await _rig.Client.GetAccountAsync(1, default);
        Assert.DoesNotContain("canary", account.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("canary", JsonSerializer.Serialize(account), StringComparison.Ordinal);
        Assert.Equal("canary-chap-1", account.InitiatorSecret!.Reveal());
    }

    private Task<CloneStarted> CloneAsync() =>
        _rig.Client.CloneVolumeAsync(new() { VolumeId = 7, SnapshotId = 3, Name = "swf-k1-clone", Attributes = new JsonObject { ["key"] = "k1" } }, default);
}
