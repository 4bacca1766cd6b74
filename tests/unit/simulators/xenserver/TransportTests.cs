using System.Net;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

public sealed class TransportTests : IDisposable
{
    private readonly PoolRig pool = new();

    public void Dispose() => pool.Dispose();

    [Fact]
    public void Version_1_answers_result_error_and_id()
    {
        var ok = JsonNode.Parse(pool.Post("/json", $$"""{"id":"a","method":"pool.get_all","params":["{{pool.Session}}"]}"""))!;
        Assert.Null(ok["error"]);
        Assert.Equal("a", ok["id"]!.GetValue<string>());
        Assert.Single(ok["result"]!.AsArray());
        var refused = JsonNode.Parse(pool.Post("/jsonrpc", """{"id":1,"method":"pool.get_all","params":["OpaqueRef:gone"]}"""))!;
        Assert.Equal(["SESSION_INVALID", "OpaqueRef:gone"], refused["error"]!.AsArray().Select(e => e!.GetValue<string>()));
        Assert.Null(refused["result"]);
    }

    [Fact]
    public void Version_2_answers_an_error_object_with_code_1()
    {
        var refused = JsonNode.Parse(pool.Post("/jsonrpc", """{"jsonrpc":"2.0","id":1,"method":"SR.frobnicate","params":["x"]}"""))!;
        Assert.Equal(1, refused["error"]!["code"]!.GetValue<int>());
        Assert.Equal("MESSAGE_METHOD_UNKNOWN", refused["error"]!["message"]!.GetValue<string>());
        Assert.Equal("SR.frobnicate", refused["error"]!["data"]![0]!.GetValue<string>());
    }

    [Fact]
    public void An_error_outside_dispatch_is_a_bare_array()
    {
        pool.Faults.On("xenserver", XenServerSimulator.OutsideDispatch).Fail("HOST_STILL_BOOTING");
        var refused = JsonNode.Parse(pool.Post("/jsonrpc", """{"id":1,"method":"pool.get_all","params":["x"]}"""))!;
        Assert.Equal("HOST_STILL_BOOTING", refused["error"]![0]!.GetValue<string>());
        Assert.Equal("2.0", refused["jsonrpc"]!.GetValue<string>());
        Assert.True(pool.Faults.AllFired());
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/RPC2")]
    [InlineData("/xmlrpc")]
    public void Xml_is_spoken_wherever_json_is_not(string path)
    {
        var answer = XElement.Parse(pool.Post(path,
            $"<?xml version='1.0'?><methodCall><methodName>host.get_API_version_minor</methodName><params><param><value><string>{pool.Session}</string></value></param>"
            + $"<param><value>{pool.Host()}</value></param></params></methodCall>"));
        var members = answer.Descendants("member").ToDictionary(m => m.Element("name")!.Value, m => m.Element("value")!);
        Assert.Equal("Success", members["Status"].Value);
        Assert.Equal("21", members["Value"].Value);
        Assert.False(members["Value"].HasElements);
    }

    [Fact]
    public void Content_types_are_exact_and_a_malformed_call_is_a_page()
    {
        using var good = Send("/jsonrpc", """{"id":1,"method":"system.listMethods","params":[]}""");
        Assert.Equal("application/json", good.Content.Headers.ContentType!.ToString());
        using var xml = Send("/", "<methodCall><methodName>system.listMethods</methodName></methodCall>");
        Assert.Equal("text/xml", xml.Content.Headers.ContentType!.ToString());
        using var bad = Send("/jsonrpc", """{"method":"system.listMethods","params":[]}""");
        Assert.Equal(HttpStatusCode.InternalServerError, bad.StatusCode);
        Assert.Equal("text/html", bad.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public void A_wrong_password_is_refused_and_the_password_is_not_repeated()
    {
        var refusal = Assert.Throws<ApiFailure>(() => pool.Raw("session.login_with_password", "root", "guess"));
        Assert.Equal("SESSION_AUTHENTICATION_FAILED", refusal.Code);
        Assert.DoesNotContain("guess", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_member_names_the_coordinator()
    {
        var answer = JsonNode.Parse(pool.Post("/jsonrpc", """{"jsonrpc":"2.0","id":1,"method":"session.login_with_password","params":["root","x"]}""", host: 2))!;
        Assert.Equal("HOST_IS_SLAVE", answer["error"]!["message"]!.GetValue<string>());
        Assert.Equal("host1.production.test", answer["error"]!["data"]![0]!.GetValue<string>());
    }

    [Fact]
    public void Arguments_are_counted_without_the_session()
    {
        var refusal = pool.Refusal("SR.scan");
        Assert.Equal(["MESSAGE_PARAMETER_COUNT_MISMATCH", "SR.scan", "1", "0"], refusal.Description);
    }

    [Fact]
    public void A_logged_out_session_is_gone_and_a_restart_ends_them_all()
    {
        var first = pool.Session;
        pool.Value("session.logout");
        Assert.Equal(["SESSION_INVALID", first], pool.Refusal("pool.get_all").Description);
        pool.LogInAgain();
        pool.Value("pool.get_all");
        pool.Simulator.Restart();
        Assert.Equal("SESSION_INVALID", pool.Refusal("pool.get_all").Code);
    }

    [Fact]
    public void Records_fields_and_lookups_agree()
    {
        var host = pool.Host();
        var record = pool.Value("host.get_record", host);
        Assert.Equal(record["name_label"]!.GetValue<string>(), pool.Call("host.get_name_label", host));
        Assert.Equal(pool.Iqns[0], record["other_config"]!["iscsi_iqn"]!.GetValue<string>());
        Assert.Equal(host, pool.Value("host.get_by_name_label", "production-1")[0]!.GetValue<string>());
        Assert.Equal(2, pool.Value("host.get_all_records").AsObject().Count);
        Assert.Equal(["UUID_INVALID", "SR", "nothing"], pool.Refusal("SR.get_by_uuid", "nothing").Description);
        Assert.Equal(["HANDLE_INVALID", "VDI", host], pool.Refusal("VDI.get_record", host).Description);
        pool.Value("host.add_to_other_config", host, "k", "v");
        Assert.Equal("MAP_DUPLICATE_KEY", pool.Refusal("host.add_to_other_config", host, "k", "w").Code);
        pool.Value("host.remove_from_other_config", host, "k");
        Assert.Null(pool.Value("host.get_other_config", host)["k"]);
    }

    [Fact]
    public void Events_tell_what_changed_since_the_token()
    {
        var all = pool.Value("event.from", new JsonArray("host"), "", 1.0);
        Assert.Equal(2, all["events"]!.AsArray().Count);
        pool.Value("host.set_name_label", pool.Host(), "renamed");
        var next = pool.Value("event.from", new JsonArray("host"), all["token"]!.GetValue<string>(), 1.0);
        var change = Assert.Single(next["events"]!.AsArray())!;
        Assert.Equal("mod", change["operation"]!.GetValue<string>());
        Assert.Equal("renamed", change["snapshot"]!["name_label"]!.GetValue<string>());
    }

    [Fact]
    public void Dropped_requests_do_nothing_and_dropped_answers_do_everything()
    {
        pool.Faults.On("xenserver", "SR.introduce").DropRequest();
        pool.Faults.On("xenserver", "SR.introduce", 2).DropAnswer();
        JsonNode?[] arguments = ["11111111-2222-4333-8444-000000000001", "a", "", "nfs", "user", false, new JsonObject()];
        Assert.Throws<HttpRequestException>(() => pool.Value("SR.introduce", arguments));
        Assert.Empty(pool.Simulator.Inventory().Srs);
        Assert.Throws<HttpRequestException>(() => pool.Value("SR.introduce", arguments));
        Assert.Single(pool.Simulator.Inventory().Srs);
        Assert.Equal(["SR_UUID_EXISTS", "11111111-2222-4333-8444-000000000001"], pool.Refusal("SR.introduce", arguments).Description);
        Assert.Equal(1, pool.Faults.CallsOf("xenserver", "SR.introduce"));
    }

    private HttpResponseMessage Send(string path, string body) =>
        pool.Http.Send(new HttpRequestMessage(HttpMethod.Post, "https://host1.production.test" + path) { Content = new StringContent(body) });
}
