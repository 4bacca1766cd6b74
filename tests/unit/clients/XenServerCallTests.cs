using System.Net;
using System.Text.Json.Nodes;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Clients;

public sealed class XenServerCallTests
{
    private readonly XenServerRig _rig = new();

    [Fact]
    public async Task Logging_in_names_the_originator_and_sends_a_length()
    {
        _rig.LogIn();
        await _rig.Client.LogInAsync(default);
        var sent = _rig.Handler.Sent[0];
        Assert.Equal("https://member:8443/jsonrpc", sent.Address.ToString());
        Assert.Equal(sent.Body.Length, sent.ContentLength);
        var call = JsonNode.Parse(sent.Body)!;
        Assert.Equal("2.0", (string?)call["jsonrpc"]);
        Assert.Equal("SnapshotWorkflows", (string?)call["params"]![3]);
    }

    [Theory]
    [InlineData("""{"result":null,"error":["SR_FULL","10","5"],"id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","error":{"code":1,"message":"SR_FULL","data":["10","5"]},"id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","error":["SR_FULL","10","5"],"id":1}""")]
    public async Task All_three_spellings_of_an_error_are_read(string body)
    {
        _rig.LogIn().Handler.Json(body);
        var fault = await Assert.ThrowsAsync<XenApiException>(() => _rig.Client.Srs.ScanAsync(new("OpaqueRef:sr"), default));
        Assert.Equal(("SR_FULL", XenApiErrorKind.Full), (fault.Code, fault.Kind));
        Assert.Equal(["10", "5"], fault.Parameters);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","result":"\ud800","id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","error":{"code":1,"message":"\udfff","data":[]},"id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","error":["SR_FULL","\ud800"],"id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","result":{"\ud800":{}},"id":1}""")]
    public async Task Half_a_character_is_no_answer(string body)
    {
        _rig.LogIn().Handler.Json(body).Json(body).Json(body).Json(body);
        Assert.Equal(XenApiErrorKind.Transient, (await Assert.ThrowsAsync<XenApiException>(() => _rig.Client.Srs.ListAsync(default))).Kind);
        await Assert.ThrowsAsync<XenApiOutcomeUnknownException>(() => _rig.Client.Vdis.StartCopyAsync(new("a"), new("b"), new("c"), default));
        Assert.Equal(0, _rig.Handler.Left);
    }

    [Fact]
    public async Task An_answer_without_end_is_given_up()
    {
        _rig.LogIn().Handler.Then(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new EndlessStream()) });
        var fault = await Assert.ThrowsAsync<XenApiOutcomeUnknownException>(() => _rig.Client.Pbds.PlugAsync(new("OpaqueRef:pbd"), default));
        Assert.Contains("256 MiB", fault.InnerException?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_version_success_has_a_null_error()
    {
        _rig.LogIn().Handler.Json("""{"result":"","error":null,"id":1}""");
        await _rig.Client.Srs.ScanAsync(new("OpaqueRef:sr"), default);
        Assert.Equal(0, _rig.Handler.Left);
    }

    [Fact]
    public async Task A_lost_session_is_opened_again_even_for_a_write()
    {
        _rig.LogIn().Error("SESSION_INVALID", XenServerRig.Session).LogIn("OpaqueRef:second").Result("\"\"");
        await _rig.Client.Pbds.PlugAsync(new("OpaqueRef:pbd"), default);
        Assert.Contains("OpaqueRef:second", _rig.Handler.Sent[3].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_that_stays_invalid_is_given_up()
    {
        _rig.LogIn();
        for (var i = 0; i < 3; i++) _rig.Error("SESSION_INVALID", "x").LogIn();
        _rig.Error("SESSION_INVALID", "x");
        var fault = await Assert.ThrowsAsync<XenApiException>(() => _rig.Client.Pbds.PlugAsync(new("OpaqueRef:pbd"), default));
        Assert.Equal("SESSION_INVALID", fault.Code);
    }

    [Theory]
    [InlineData("10.0.0.7", "https://10.0.0.7:8443/jsonrpc")]
    [InlineData("127.0.0.1:9443", "https://127.0.0.1:9443/jsonrpc")]
    [InlineData("fd00::7", "https://[fd00::7]:8443/jsonrpc")]
    public async Task A_member_sends_us_on_to_its_coordinator(string address, string expected)
    {
        _rig.Error("HOST_IS_SLAVE", address).LogIn().Result("{}");
        await _rig.Client.Srs.ListAsync(default);
        Assert.Equal(expected, _rig.Handler.Sent[1].Address.ToString());
        Assert.Equal(expected, _rig.Handler.Sent[2].Address.ToString());
    }

    [Fact]
    public async Task A_coordinator_that_changed_hands_is_followed_in_the_midst_of_work()
    {
        _rig.LogIn().Error("HOST_IS_SLAVE", "10.0.0.8").LogIn("OpaqueRef:new").Result("\"\"");
        await _rig.Client.Pbds.PlugAsync(new("OpaqueRef:pbd"), default);
        Assert.Equal("10.0.0.8", _rig.Handler.Sent[3].Address.Host);
    }

    [Fact]
    public async Task A_coordinators_address_with_more_in_it_leads_nowhere()
    {
        _rig.Error("HOST_IS_SLAVE", "evil/path?x");
        var fault = await Assert.ThrowsAsync<XenApiException>(() => _rig.Client.LogInAsync(default));
        Assert.Equal(XenApiErrorKind.Permanent, fault.Kind);
    }

    [Fact]
    public async Task When_the_coordinator_dies_the_configured_address_is_asked_again()
    {
        _rig.Error("HOST_IS_SLAVE", "10.0.0.8").LogIn();
        await _rig.Client.LogInAsync(default);
        _rig.Handler.Fail(new HttpRequestException(HttpRequestError.ConnectionError));
        _rig.LogIn().Result("\"\"");
        await _rig.Client.Pbds.PlugAsync(new("OpaqueRef:pbd"), default);
        Assert.Equal("member", _rig.Handler.Sent[^1].Address.Host);
    }

    [Theory]
    [InlineData("TOO_MANY_PENDING_TASKS")]
    [InlineData("HOST_OFFLINE")]
    [InlineData("INTERNAL_ERROR")]
    public async Task A_read_is_repeated_after_a_passing_error(string code)
    {
        _rig.LogIn().Error(code).Error(code).Result("{}");
        Assert.Empty(await _rig.Client.Srs.ListAsync(default));
    }

    [Fact]
    public async Task A_write_is_sent_once()
    {
        _rig.LogIn().Error("OTHER_OPERATION_IN_PROGRESS", "SR", "r", "op", "o");
        var fault = await Assert.ThrowsAsync<XenApiException>(() => _rig.Client.Srs.ScanAsync(new("OpaqueRef:sr"), default));
        Assert.Equal(XenApiErrorKind.Transient, fault.Kind);
        Assert.Equal(2, _rig.Handler.Sent.Count);
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_open()
    {
        _rig.LogIn().Handler.Fail(new HttpRequestException(HttpRequestError.ResponseEnded)).Text("<html>", HttpStatusCode.InternalServerError);
        await Assert.ThrowsAsync<XenApiOutcomeUnknownException>(() => _rig.Client.Vdis.StartCopyAsync(new("a"), new("b"), new("c"), default));
        await Assert.ThrowsAsync<XenApiOutcomeUnknownException>(() => _rig.Client.Vdis.StartCopyAsync(new("a"), new("b"), new("c"), default));
        Assert.Equal(3, _rig.Handler.Sent.Count);
    }

    [Theory]
    [InlineData("INTERNAL_ERROR", "boom", XenApiErrorKind.Reconcile)]
    [InlineData("INTERNAL_ERROR", "Db_exn.Uniqueness_constraint_violation(SR, uuid)", XenApiErrorKind.Conflict)]
    [InlineData("SR_UUID_EXISTS", "u", XenApiErrorKind.Conflict)]
    [InlineData("SR_BACKEND_FAILURE_68", "", XenApiErrorKind.Transient)]
    [InlineData("SR_BACKEND_FAILURE_44", "", XenApiErrorKind.Full)]
    [InlineData("SR_BACKEND_FAILURE_119", "", XenApiErrorKind.Permanent)]
    [InlineData("RBAC_PERMISSION_DENIED", "p", XenApiErrorKind.PermissionDenied)]
    [InlineData("NEVER_HEARD_OF", "", XenApiErrorKind.Permanent)]
    public async Task Errors_of_writes_fall_into_their_kinds(string code, string parameter, XenApiErrorKind kind)
    {
        _rig.LogIn().Error(code, parameter);
        var fault = await Assert.ThrowsAsync<XenApiException>(() => _rig.Client.Srs.IntroduceAsync("u", "l", "d", "lvmoiscsi", "user", false, default));
        Assert.Equal(kind, fault.Kind);
    }

    [Fact]
    public async Task What_is_gone_is_removed()
    {
        _rig.LogIn();
        for (var i = 0; i < 5; i++) _rig.Error("HANDLE_INVALID", "VDI", "OpaqueRef:x");
        await _rig.Client.Vdis.DestroyAsync(new("OpaqueRef:x"), default);
        await _rig.Client.Srs.ForgetAsync(new("OpaqueRef:x"), default);
        await _rig.Client.Pbds.UnplugAsync(new("OpaqueRef:x"), default);
        await _rig.Client.Pbds.DestroyAsync(new("OpaqueRef:x"), default);
        await _rig.Client.Tasks.DestroyAsync(new("OpaqueRef:x"), default);
        Assert.Equal(0, _rig.Handler.Left);
    }

    [Fact]
    public async Task What_is_not_there_is_null()
    {
        _rig.LogIn().Error("UUID_INVALID", "VM", "u").Result("{}").Error("HANDLE_INVALID", "task", "OpaqueRef:t");
        Assert.Null(await _rig.Client.Vms.FindAsync("u", default));
        Assert.Null(await _rig.Client.Srs.FindAsync("u", default));
        Assert.Null(await _rig.Client.Tasks.FindAsync(new("OpaqueRef:t"), default));
    }

    [Theory]
    [InlineData("u\" or true or \"x")]
    [InlineData("u\\")]
    public async Task What_could_change_an_expression_is_not_asked_for(string uuid)
    {
        Assert.Null(await _rig.Client.Vdis.FindAsync(uuid, default));
        Assert.Empty(_rig.Handler.Sent);
    }

    [Fact]
    public async Task Secrets_show_in_no_error_and_no_log()
    {
        _rig.LogIn().Error("SR_BACKEND_FAILURE_68", "", $"login {XenServerRig.Password} chap canary-chap failed", XenServerRig.Session);
        var fault = await Assert.ThrowsAsync<XenApiException>(() => _rig.Client.Srs.ProbeAsync(new("OpaqueRef:h"),
            new Dictionary<string, string> { ["target"] = "10.0.0.1", ["chappassword"] = "canary-chap" }, "lvmoiscsi", default));
        Assert.DoesNotContain("canary", fault.ToString(), StringComparison.Ordinal);
        Assert.All(fault.Parameters, text => Assert.DoesNotContain("canary", text, StringComparison.Ordinal));
        Assert.NotEmpty(_rig.Log.Lines);
        Assert.All(_rig.Log.Lines, line => Assert.DoesNotContain("canary", line, StringComparison.Ordinal));
    }
}
