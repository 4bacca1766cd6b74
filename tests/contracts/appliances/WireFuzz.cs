using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.XenServer;
using CloudOptions = SnapshotWorkflows.CloudStack.CloudStackOptions;
using SimulatedCloud = SnapshotWorkflows.Simulators.CloudStack.CloudStackOptions;
using SimulatedCluster = SnapshotWorkflows.Simulators.SolidFire.SolidFireOptions;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>Nonsense on the wire: every parser that meets the network answers or refuses it, and nothing breaks. A failure prints its seed.</summary>
public sealed class WireFuzz : IDisposable
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(1500).WithQuietOnSuccess(true);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly SparseVolumeStore _store = SparseVolumeStore.InMemory();
    private readonly SolidFireSimulator _array;
    private readonly CloudStackSimulator _cloud;
    private readonly HttpClient _http;

    public WireFuzz()
    {
        _array = new SolidFireSimulator(new SimulatedCluster { CloneTime = TimeSpan.Zero }, TimeProvider.System, new FaultPlan(), _store);
        _cloud = new CloudStackSimulator(new SimulatedCloud { ApiKey = "key", SecretKey = "secret" }, TimeProvider.System, new FaultPlan());
        _http = new HttpClient(new InProcessHandler().Add("array.test:443", _array).Add("cloud.test:443", _cloud));
        _array.Call("AddAccount", new JsonObject { ["username"] = "tenant" });
        _array.Call("CreateVolume", new JsonObject { ["name"] = "v", ["accountID"] = 1, ["totalSize"] = 1_000_000_000, ["enable512e"] = true });
    }

    public void Dispose()
    {
        _http.Dispose();
        _cloud.Dispose();
        _store.Dispose();
    }

    [Fact]
    public void The_simulated_array_answers_any_method_with_any_parameters()
    {
        var names = Gen.Elements<string>(["volumeID", "name", "attributes", "volumes", "initiators", "snapshotID", "totalSize", "accountID", "scheduleInfo", "weekdays", "qos", "retention", "access", "limit", "key", "format", "volumeIDs"]);
        var requests =
            from method in Gen.Elements<string>([.. _array.Methods])
            from version in Gen.Elements("1.0", "7.0", "9.0", "12.5")
            from members in names.Zip(Values(3)).ListOf()
            select (method, version, members);
        Prop.ForAll(requests.ToArbitrary(), request =>
        {
            var parameters = new JsonObject();
            foreach (var (name, value) in request.members) parameters[name] = value?.DeepClone();
            var body = new JsonObject { ["method"] = request.method, ["params"] = parameters, ["id"] = 7 }.ToJsonString();
            var (status, text) = Post($"https://array.test/json-rpc/{request.version}", Encoding.UTF8.GetBytes(body));
            var answer = JsonNode.Parse(text)!;
            return status == HttpStatusCode.OK && (int)answer["id"]! == 7 && answer["result"] is null != answer["error"] is null;
        }).Check(s_config);
    }

    [Fact]
    public void The_simulated_array_refuses_bodies_that_are_no_json_object()
    {
        var valid = Encoding.UTF8.GetBytes("""{"method":"CreateSnapshot","params":{"volumeID":1,"name":"a\u00e4","attributes":{"a":[1,{"b":null}]}},"id":"x"}""");
        Prop.ForAll(Bytes(valid).ToArbitrary(), body => Post("https://array.test/json-rpc/12.5", body).Status is HttpStatusCode.OK or HttpStatusCode.BadRequest).Check(s_config);
        var deep = Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 100_000));
        Assert.Equal(HttpStatusCode.BadRequest, Post("https://array.test/json-rpc/12.5", deep).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, Post("https://array.test/json-rpc/12.5", new byte[20 << 20]).Status);
    }

    [Fact]
    public void The_array_client_turns_any_answer_into_a_result_or_its_own_exception()
    {
        var valid = Encoding.UTF8.GetBytes("""{"id":1,"result":{"volumes":[{"volumeID":1,"name":"v","accountID":1,"status":"active","totalSize":1,"createTime":"2026-01-02T03:04:05Z","attributes":{"k":"v"},"qos":{}}]}}""");
        var answers = from body in Bytes(valid) from status in Gen.Frequency((8, Gen.Constant(200)), (2, Gen.Choose(200, 599))) select (status, body);
        Prop.ForAll(answers.ToArbitrary(), answer =>
        {
            using var http = new HttpClient(new Fixed(answer.status, answer.body));
            var client = new SolidFireClient(http, new() { Endpoint = new Uri("https://array.test/json-rpc/12.5"), Username = "u", Password = "p", ReadAttempts = 1 }, TimeProvider.System, NullLogger<SolidFireClient>.Instance);
            return Holds<SolidFireException>(() => client.ListVolumesAsync(new(), default)) && Holds<SolidFireException>(() => client.GetAsyncResultAsync(1, default))
                && Holds<SolidFireException>(() => client.GetVolumeStatsAsync(1, default)) && Holds<SolidFireException>(() => client.CreateVolumeAsync("v", 1, 1, true, [], null, default));
        }).Check(s_config);
    }

    [Fact]
    public void The_pool_client_turns_any_answer_into_a_result_or_its_own_exception()
    {
        byte[][] valid =
        [
            Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","result":{"OpaqueRef:1":{"uuid":"u","name_label":"n\u00e4","status":"pending","progress":0.5,"result":"<value>x</value>","error_info":["SR_FULL","1"],"created":"20260102T03:04:05Z","other_config":{"k":"v"}}},"id":1}"""),
            Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","error":{"code":1,"message":"SR_BACKEND_FAILURE_107","data":["","r","<iscsi-target><LUN><vendor>a</vendor><LUNid>0</LUNid><SCSIid>36f</SCSIid></LUN></iscsi-target>"]},"id":1}"""),
            Encoding.UTF8.GetBytes("""{"result":null,"error":["HOST_IS_SLAVE","10.0.0.7"],"id":1}"""),
            Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","result":"<SRlist><SR><UUID>u</UUID><size>1</size></SR></SRlist>","id":1}"""),
        ];
        var answers = from one in Gen.Elements(valid) from body in Bytes(one) from status in Gen.Frequency((8, Gen.Constant(200)), (2, Gen.Choose(200, 599))) select (status, body);
        Prop.ForAll(answers.ToArbitrary(), answer =>
        {
            using var http = new HttpClient(new LoggedIn(new Fixed(answer.status, answer.body)));
            var options = new XenServerPoolOptions { Name = "p", Endpoint = new Uri("https://pool.test"), Username = "root", Password = "secret-1", ReadAttempts = 1 };
            var client = new XenServerClient(http, options, TimeProvider.System, NullLogger<XenServerClient>.Instance);
            return Holds<XenApiException>(() => client.Srs.ListAsync(default))
                && Holds<XenApiException>(() => client.Srs.ProbeAsync(new("OpaqueRef:h"), new Dictionary<string, string> { ["target"] = "t" }, "lvmoiscsi", default))
                && Holds<XenApiException>(async () => (await client.Tasks.FindAsync(new("OpaqueRef:t"), default))?.FindFailure())
                && Holds<XenApiException>(() => client.Vdis.StartCopyAsync(new("a"), new("b"), new("c"), default));
        }).Check(s_config);
    }

    [Fact]
    public void Texts_that_a_pool_puts_into_its_answers_are_read_or_refused()
    {
        var results = Gen.OneOf(
            Bytes(Encoding.UTF8.GetBytes("<value><array><data><value>OpaqueRef:1</value><value><string>b</string></value></data></array></value>")),
            Bytes(Encoding.UTF8.GetBytes("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b \"c\">]><SRlist><SR><UUID>&b;</UUID></SR></SRlist>")),
            Gen.Choose(1, 5_000).Select(depth => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<value>", depth)))),
            Gen.Choose(1, 5_000).Select(depth => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<a>", depth)) + string.Concat(Enumerable.Repeat("</a>", depth)))));
        Prop.ForAll(results.ToArbitrary(), bytes =>
        {
            var text = Encoding.Latin1.GetString(bytes);
            var task = new XenTask { Uuid = "u", Result = text };
            return Holds<XenApiException>(() => Task.FromResult(task.ResultValues())) && Holds<XenApiException>(() => Task.FromResult(task.ResultRef()))
                && Holds<XenApiException>(() => ProbeOf(text));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100).WithQuietOnSuccess(true));
    }

    [Fact]
    public void A_call_that_the_simulated_array_refuses_changes_nothing()
    {
        _array.Call("CreateVolume", new JsonObject { ["name"] = "w", ["accountID"] = 1, ["totalSize"] = 1_000_000_000, ["enable512e"] = true });
        _array.Call("CreateSnapshot", new JsonObject { ["volumeID"] = 1, ["name"] = "s" });
        _array.Call("CreateGroupSnapshot", new JsonObject { ["volumes"] = new JsonArray(1, 2) });
        _array.Call("CreateVolumeAccessGroup", new JsonObject { ["name"] = "g", ["initiators"] = new JsonArray("iqn.2026-01.test:a"), ["volumes"] = new JsonArray(1) });
        _array.Call("CreateQoSPolicy", new JsonObject { ["name"] = "p", ["qos"] = new JsonObject() });
        _array.Call("AddClusterAdmin", new JsonObject { ["username"] = "second", ["password"] = "p", ["access"] = new JsonArray("read"), ["acceptEula"] = true });
        _array.Call("CreateSchedule", new JsonObject { ["scheduleName"] = "n", ["scheduleType"] = "snapshot", ["attributes"] = new JsonObject { ["frequency"] = "Time Interval" }, ["hours"] = 1, ["scheduleInfo"] = new JsonObject { ["volumeID"] = 1 } });
        var ids = new JsonObject
        {
            ["volumeID"] = 1, ["snapshotID"] = 1, ["groupSnapshotID"] = 1, ["volumeAccessGroupID"] = 1, ["qosPolicyID"] = 1, ["clusterAdminID"] = 2, ["scheduleID"] = 1, ["accountID"] = 1,
            ["scheduleType"] = "snapshot", ["name"] = "changed", ["scheduleName"] = "changed", ["username"] = "changed", ["retention"] = "01:00:00", ["access"] = "readOnly", ["minutes"] = 30,
            ["initiators"] = new JsonArray(new JsonObject { ["initiatorID"] = 1, ["alias"] = "changed" }),
        };
        var wrong = Gen.Elements("enableRemoteReplication", "snapMirrorLabel", "attributes", "enableChap", "enableSnapMirrorReplication", "dontMoveForIopsRebalance", "recurring", "startingDate", "deleteOrphanInitiators", "fifoSize", "qos", "password", "initiatorSecret", "initiators", "volumes", "weekdays", "associateWithQoSPolicy");
        var calls = from method in Gen.Elements<string>([.. _array.Methods.Where(name => name.StartsWith("Modify", StringComparison.Ordinal) || name.StartsWith("RemoveInitiators", StringComparison.Ordinal) || name is "CreateVolume" or "CreateInitiators" or "CloneVolume" or "RollbackToSnapshot")])
                    from member in wrong
                    from dropped in Gen.Elements("name", "access", "retention", "initiators", "accountID")
                    select (method, member, dropped);
        Prop.ForAll(calls.ToArbitrary(), call =>
        {
            var parameters = (JsonObject)ids.DeepClone();
            parameters.Remove(call.dropped);
            // No parameter is this.
            parameters[call.member] = new JsonArray(new JsonArray(true));
            var before = World();
            var (_, text) = Post("https://array.test/json-rpc/12.5", Encoding.UTF8.GetBytes(new JsonObject { ["method"] = call.method, ["params"] = parameters, ["id"] = 1 }.ToJsonString()));
            return JsonNode.Parse(text)!["error"] is null || World() == before;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithQuietOnSuccess(true));

        string World() => string.Concat(((string[])["ListVolumes", "ListSnapshots", "ListGroupSnapshots", "ListVolumeAccessGroups", "ListInitiators", "ListQoSPolicies", "ListClusterAdmins", "ListSchedules", "ListAccounts"])
            .Select(list => _array.Call(list).ToJsonString()));
    }

    [Fact]
    public void The_cloud_client_turns_any_answer_into_a_result_or_its_own_exception()
    {
        var valid = Encoding.UTF8.GetBytes("""{"listvolumesresponse":{"count":1,"volume":[{"id":"v","name":"n","size":1,"tags":[{"key":"a","value":"b"}]}],"jobid":"j","jobstatus":1}}""");
        var answers = from body in Bytes(valid) from status in Gen.Frequency((8, Gen.Constant(200)), (2, Gen.Choose(200, 599))) select (status, body);
        Prop.ForAll(answers.ToArbitrary(), answer =>
        {
            using var http = new HttpClient(new Fixed(answer.status, answer.body));
            var client = new CloudStackClient(http, new CloudOptions { Endpoint = new Uri("https://cloud.test/client/api"), ApiKey = "apikey-1", SecretKey = "secret-1", ReadAttempts = 1 }, TimeProvider.System, NullLogger<CloudStackClient>.Instance);
            return Holds<CloudStackException>(() => client.FindVolumeAsync("v", default)) && Holds<CloudStackException>(() => client.GetJobAsync("j", default))
                && Holds<CloudStackException>(() => client.CreateTagsAsync("Volume", ["v"], new Dictionary<string, string> { ["a"] = "b" }, default));
        }).Check(s_config);
    }

    [Fact]
    public void The_simulated_cloud_answers_any_form_with_json()
    {
        Prop.ForAll(Bytes(Encoding.UTF8.GetBytes("command=listVolumes&response=json&apikey=key&signature=x&tags[0].key=a&id=%41%c3%a4&page=1")).ToArbitrary(), form =>
        {
            var (status, text) = Post("https://cloud.test/client/api", form);
            return (int)status is >= 400 and < 500 && JsonNode.Parse(text) is JsonObject;
        }).Check(s_config);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, Post("https://cloud.test/client/api", new byte[20 << 20]).Status);
    }

    // FsCheck's properties are synchronous, and nothing here has a context to deadlock with.
#pragma warning disable VSTHRD002
    /// <summary>Random JSON values, deep at most so many levels.</summary>
    private static Gen<JsonNode?> Values(int depth)
    {
        var leaves = Gen.OneOf(
            Gen.Constant<JsonNode?>(null),
            Gen.Choose(-3, 300).Select(value => (JsonNode?)JsonValue.Create(value)),
            Gen.Elements(long.MaxValue, long.MinValue, 0L, 1_000_000_000L).Select(value => (JsonNode?)JsonValue.Create(value)),
            Gen.Elements(0.5, -1e300, 1e18).Select(value => (JsonNode?)JsonValue.Create(value)),
            Gen.Elements("", "1", "true", "fifo", "native", "read", "99:99:99", "2026-01-01T00:00:00Z", "\u0000", "ü-x", "iqn.2026-01.test:a", new string('a', 2000)).Select(value => (JsonNode?)JsonValue.Create(value)),
            Gen.Elements(true, false).Select(value => (JsonNode?)JsonValue.Create(value)));
        return depth == 0 ? leaves : Gen.Frequency(
            (4, leaves),
            (1, Values(depth - 1).ListOf().Select(values => (JsonNode?)new JsonArray([.. values.Select(value => value?.DeepClone())]))),
            (1, Gen.Elements("volumeID", "name", "frequency", "day", "lun", "minIOPS", "key").Zip(Values(depth - 1)).ListOf().Select(members =>
            {
                var value = new JsonObject();
                foreach (var (name, member) in members) value[name] = member?.DeepClone();
                return (JsonNode?)value;
            })));
    }

    /// <summary>A valid text with some bytes changed, cut or doubled, and now and then pure noise.</summary>
    private static Gen<byte[]> Bytes(byte[] valid)
    {
        var noise = Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf();
        var changed = from places in Gen.Choose(0, valid.Length - 1).ArrayOf()
                      from values in Gen.Choose(0, 255).ArrayOf(places.Length)
                      from cut in Gen.Frequency((3, Gen.Constant(valid.Length)), (1, Gen.Choose(0, valid.Length)))
                      select Changed(valid, places, values, cut);
        return Gen.Frequency((1, noise), (5, changed));
    }

    private static byte[] Changed(byte[] valid, int[] places, int[] values, int cut)
    {
        var body = (byte[])valid.Clone();
        foreach (var (place, value) in places.Take(4).Zip(values)) body[place] = (byte)value;
        return body[..cut];
    }

    private static bool Holds<T>(Func<Task> act)
        where T : Exception
    {
        try
        {
            act().WaitAsync(s_patience, TimeProvider.System).GetAwaiter().GetResult();
        }
        catch (T)
        {
            // Its kind says what may be done.
        }

        return true;
    }

    private (HttpStatusCode Status, string Body) Post(string address, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("admin:admin"u8));
        using var answer = _http.SendAsync(request).WaitAsync(s_patience, TimeProvider.System).GetAwaiter().GetResult();
        return (answer.StatusCode, answer.Content.ReadAsStringAsync().GetAwaiter().GetResult());
    }

#pragma warning restore VSTHRD002
    private static async Task ProbeOf(string text)
    {
        using var http = new HttpClient(new LoggedIn(new Fixed(200, Encoding.UTF8.GetBytes(new JsonObject { ["jsonrpc"] = "2.0", ["result"] = text, ["id"] = 1 }.ToJsonString()))));
        var options = new XenServerPoolOptions { Name = "p", Endpoint = new Uri("https://pool.test"), Username = "root", Password = "secret-1", ReadAttempts = 1 };
        await new XenServerClient(http, options, TimeProvider.System, NullLogger<XenServerClient>.Instance).Srs.ProbeAsync(new("OpaqueRef:h"), new Dictionary<string, string>(), "lvmoiscsi", default);
    }

    /// <summary>Logs everybody in, and gives all other calls to the one beneath.</summary>
    private sealed class LoggedIn(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            (await request.Content!.ReadAsStringAsync(cancellationToken)).Contains("session.login", StringComparison.Ordinal)
                ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("""{"jsonrpc":"2.0","result":"OpaqueRef:session","id":1}""") }
                : await base.SendAsync(request, cancellationToken);
    }

    private sealed class Fixed(int status, byte[] body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(body) });
    }
}
