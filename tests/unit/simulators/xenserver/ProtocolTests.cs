using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

public sealed class ProtocolTests
{
    [Fact]
    public void Records_are_whole_and_as_old_as_the_pool()
    {
        using var young = new PoolRig();
        var vm = young.Value("VM.get_all_records").AsObject().First().Value!.AsObject();
        Assert.True(vm.Count > 80, $"A machine has only {vm.Count} fields.");
        Assert.Equal("19700101T00:00:00Z", vm["snapshot_time"]!.GetValue<string>());
        Assert.NotNull(young.Value("host.get_all_records").AsObject().First().Value!["iscsi_iqn"]);
        using var old = new PoolRig(version: "7.1");
        Assert.Null(old.Value("host.get_all_records").AsObject().First().Value!["iscsi_iqn"]);
        Assert.Equal(6, old.Value("host.get_API_version_minor", old.Host()).GetValue<int>());
    }

    [Fact]
    public void Filters_pick_records()
    {
        using var pool = new PoolRig();
        pool.Volume();
        Assert.Equal(2, Where("VM", "field \"is_control_domain\" = \"true\"").Count);
        Assert.Empty(Where("VM", "not (field \"is_control_domain\" = \"true\") and true"));
        Assert.Single(Where("VDI", "field \"name__label\" = \"root disk of vol\" or false"));
        Assert.Single(Where("VDI", "field \"name__label\" = \"root disk of vol\""));
        Assert.Empty(Where("VDI", "field \"uuid\" = \"root disk of vol\""));
        Assert.Equal("INTERNAL_ERROR", pool.Refusal("VM.get_all_records_where", "field \"x\" =").Code);
        Assert.Equal("INTERNAL_ERROR", pool.Refusal("VM.get_all_records_where", new string('(', 5000)).Code);

        JsonObject Where(string table, string expression) => pool.Value(table + ".get_all_records_where", expression).AsObject();
    }

    [Fact]
    public void A_role_may_do_what_it_may_and_is_told_what_it_may_not()
    {
        using var pool = new PoolRig();
        var session = pool.Raw("session.login_with_password", "reader", "r", "1.0", "test").GetValue<string>();
        Assert.NotNull(pool.Raw("SR.get_all_records", session));
        var refused = Assert.Throws<ApiFailure>(() => pool.Raw("SR.introduce", session, "", "n", "", "nfs", "user", false, new JsonObject()));
        Assert.Equal(["RBAC_PERMISSION_DENIED", "sr.introduce", "No permission in user session. (Roles with this permission: pool-admin, pool-operator)"], refused.Description);
    }

    [Fact]
    public void Maps_and_sets_are_written_member_by_member()
    {
        using var pool = new PoolRig();
        var (_, _, uuid, _) = pool.Volume();
        var vdi = pool.Call("VDI.get_by_uuid", uuid);
        pool.Value("VDI.add_tags", vdi, "a");
        pool.Value("VDI.add_tags", vdi, "a");
        pool.Value("VDI.add_tags", vdi, "b");
        pool.Value("VDI.remove_tags", vdi, "a");
        Assert.Equal("b", Assert.Single(pool.Value("VDI.get_tags", vdi).AsArray())!.GetValue<string>());
        pool.Value("VDI.add_to_sm_config", vdi, "k", "v");
        Assert.Equal("MAP_DUPLICATE_KEY", pool.Refusal("VDI.add_to_sm_config", vdi, "k", "w").Code);
        Assert.Equal("v", pool.Value("VDI.get_sm_config", vdi)["k"]!.GetValue<string>());
        Assert.Equal("FIELD_TYPE_ERROR", pool.Refusal("VDI.set_other_config", vdi, 5).Code);
        Assert.Equal("MESSAGE_METHOD_UNKNOWN", pool.Refusal("VDI.set_virtual_size", vdi, 5).Code);
    }

    [Fact]
    public void Registered_events_are_told_one_by_one_and_lost_when_too_many()
    {
        using var pool = new PoolRig();
        Assert.Equal("SESSION_NOT_REGISTERED", pool.Refusal("event.next").Code);
        pool.Value("event.register", new JsonArray("host"));
        pool.Value("host.set_name_label", pool.Host(), "renamed");
        var told = Assert.Single(pool.Value("event.next").AsArray())!;
        Assert.Equal(("host", "mod", "0.0"), (told["class"]!.GetValue<string>(), told["operation"]!.GetValue<string>(), told["timestamp"]!.GetValue<string>()));
        for (var i = 0; i < 2_001; i++)
            pool.Value("event.inject", "host", pool.Host());
        Assert.Equal("EVENTS_LOST", pool.Refusal("event.next").Code);
        Assert.Equal("EVENT_FROM_TOKEN_PARSE_FAILURE", pool.Refusal("event.from", new JsonArray("*"), "not a token", 1.0).Code);
        Assert.Equal("EVENT_SUBSCRIPTION_PARSE_FAILURE", pool.Refusal("event.from", new JsonArray(""), "", 1.0).Code);
    }

    [Fact]
    public async Task An_event_that_comes_later_is_waited_for()
    {
        using var pool = new PoolRig();
        var host = pool.Host();
        var token = pool.Value("event.from", new JsonArray("*"), "", 1.0)["token"]!.GetValue<string>();
        var session = pool.Session;
        var waiting = Task.Run(() => pool.Raw("event.from", session, new JsonArray("task"), token, 30.0));
        var task = pool.Call("task.create", "t", "");
        var events = (await waiting)["events"]!.AsArray();
        Assert.Equal(task, events[^1]!["ref"]!.GetValue<string>());
        Assert.Equal(host, pool.Host());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_wait_for_events_ends_with_its_session_and_breaks_with_the_toolstack(bool restarts)
    {
        using var pool = new PoolRig();
        var session = pool.Session;
        var token = pool.Value("event.from", new JsonArray("*"), "", 1.0)["token"]!.GetValue<string>();
        // The pool counts the call before it lets it wait.
        var waits = pool.Faults.CalledAsync("xenserver", "event.from", times: 2);
        var waiting = Task.Run(() => pool.Raw("event.from", session, new JsonArray("VM"), token, 30.0));
        await waits;
        if (restarts)
        {
            pool.Simulator.Restart();
            await Assert.ThrowsAsync<HttpRequestException>(() => waiting);
            return;
        }

        pool.Raw("session.logout", session);
        Assert.Equal(["SESSION_INVALID", session], (await Assert.ThrowsAsync<ApiFailure>(() => waiting)).Description);
    }

    [Fact]
    public void A_number_that_no_answer_could_tell_is_no_call()
    {
        var store = new MemoryState();
        using var pool = new PoolRig(state: store);
        var vm = pool.Value("VM.get_all")[0]!.GetValue<string>();
        Assert.StartsWith("<html>", pool.Post("/jsonrpc", $$"""{"id":1,"method":"VM.set_HVM_shadow_multiplier","params":["{{pool.Session}}","{{vm}}",1e999]}"""), StringComparison.Ordinal);
        var task = pool.Call("task.create", "t", "");
        Assert.StartsWith("<html>", pool.Post("/jsonrpc", $$"""{"id":1,"method":"task.set_progress","params":["{{pool.Session}}","{{task}}",1e999]}"""), StringComparison.Ordinal);
        foreach (var number in (string[])["1e999", "-1e999", "NaN"])
            Assert.StartsWith("<html>", pool.Post("/", $"<methodCall><methodName>VM.set_HVM_shadow_multiplier</methodName><params><param><value>{pool.Session}</value></param><param><value>{vm}</value></param><param><value><double>{number}</double></value></param></params></methodCall>"), StringComparison.Ordinal);
        Assert.Equal("FIELD_TYPE_ERROR", pool.Refusal("task.set_progress", task, "NaN").Code);
        pool.Simulator.Step();
        Assert.Equal(0, pool.Value("task.get_all_records")[task]!["progress"]!.GetValue<double>());
        using var again = new PoolRig(pool.Fabric, state: store);
        Assert.Equal(1, again.Value("VM.get_HVM_shadow_multiplier", vm).GetValue<double>());
    }

    [Theory]
    [InlineData(@"\u0001b", "")]
    [InlineData(@"a\u0000b", "a")]
    [InlineData(@"tab\tline\n\ud83d\ude00\uffff!", "tab\tline\n\ud83d\ude00")]
    public void What_xml_cannot_carry_ends_a_text_and_poisons_nobody(string sent, string kept)
    {
        using var pool = new PoolRig();
        var sr = pool.NfsSr();
        var answer = JsonNode.Parse(pool.Post("/jsonrpc", $$"""{"jsonrpc":"2.0","id":1,"method":"VDI.create","params":["{{pool.Session}}",{"name_label":"{{sent}}","SR":"{{sr}}","virtual_size":2097152,"type":"user","sharable":false,"read_only":false,"other_config":{"k{{sent}}":"{{sent}}"} }]}"""))!;
        var vdi = answer["result"]!.GetValue<string>();
        Assert.Equal(kept, pool.Call("VDI.get_name_label", vdi));
        var xml = XElement.Parse(pool.Post("/", $"<methodCall><methodName>VDI.get_all_records</methodName><params><param><value>{pool.Session}</value></param></params></methodCall>"), LoadOptions.PreserveWhitespace);
        Assert.Contains(xml.Descendants("member"), m => m.Element("name")!.Value == "k" + kept && m.Element("value")!.Value == kept);
    }

    [Fact]
    public void Every_message_has_a_second_name_with_an_underscore()
    {
        using var pool = new PoolRig();
        Assert.Equal(pool.Value("event.from", new JsonArray("host"), "", 1.0)["events"]!.AsArray().Count, pool.Value("event_from", new JsonArray("host"), "", 1.0)["events"]!.AsArray().Count);
        Assert.Equal(2, pool.Value("host_metrics_get_all").AsArray().Count);
        Assert.Equal("MESSAGE_METHOD_UNKNOWN", pool.Refusal("event_").Code);
    }

    [Fact]
    public void Messages_are_kept_and_found_by_their_object()
    {
        using var pool = new PoolRig();
        var uuid = pool.Simulator.Hosts[0].Uuid;
        var message = pool.Call("message.create", "SWF_DONE", 3, "host", uuid, "body");
        Assert.Equal("body", pool.Value("message.get", "host", uuid, "19700101T00:00:00Z")[message]!["body"]!.GetValue<string>());
        Assert.Equal("UUID_INVALID", pool.Refusal("message.create", "X", 3, "host", "nobody", "").Code);
        pool.Value("message.destroy", message);
        Assert.Empty(pool.Value("message.get_all").AsArray());
    }

    [Fact]
    public void A_member_gives_a_session_of_its_own_that_is_good_for_nothing_else()
    {
        using var pool = new PoolRig();
        var answer = JsonNode.Parse(pool.Post("/jsonrpc", $$"""{"jsonrpc":"2.0","id":1,"method":"session.slave_local_login_with_password","params":["root","{{PoolRig.Password}}"]}""", host: 2))!;
        var session = answer["result"]!.GetValue<string>();
        Assert.Equal("SESSION_INVALID", Assert.Throws<ApiFailure>(() => pool.Raw("pool.get_all", session)).Code);
    }

    [Theory]
    [InlineData("<methodCall/>")]
    [InlineData("<methodCall><methodName>pool.get_all</methodName><params><param><value><i4>x</i4></value></param></params></methodCall>")]
    [InlineData("<!DOCTYPE x [<!ENTITY a \"b\">]><methodCall><methodName>&a;</methodName></methodCall>")]
    [InlineData("\0")]
    [InlineData("")]
    [InlineData("<methodCall><methodName>x</methodName><params><param><value><struct><member><name>a</name><value>1</value></member><member><name>a</name><value>1</value></member></struct></value></param></params></methodCall>")]
    public void Xml_that_is_no_call_is_a_page(string body)
    {
        using var pool = new PoolRig();
        Assert.StartsWith("<html>", pool.Post("/", body), StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_of_references_are_tagged_integers_in_xml()
    {
        using var pool = new PoolRig();
        var answer = XElement.Parse(pool.Post("/RPC2", $"<methodCall><methodName>event.from</methodName><params><param><value>{pool.Session}</value></param><param><value><array><data><value>host</value></data></array></value></param><param><value></value></param><param><value><double>1</double></value></param></params></methodCall>"));
        var counts = answer.Descendants("member").Single(m => m.Element("name")!.Value == "valid_ref_counts");
        Assert.Equal("2", counts.Descendants("member").Single(m => m.Element("name")!.Value == "host").Descendants("i4").Single().Value);
    }
}
