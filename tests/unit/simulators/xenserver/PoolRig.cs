using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.XenServer;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

/// <summary>An error that the pool answered.</summary>
internal sealed class ApiFailure(string[] description) : Exception(string.Join(", ", description))
{
    public string[] Description { get; } = description;

    public string Code => Description[0];
}

/// <summary>One pool on a manual clock, reached without a socket, with a session.</summary>
internal sealed class PoolRig : IDisposable
{
    public const string Password = "a password";
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("xenserver-test-");
    private string? session;

    public PoolRig(MemoryFabric? fabric = null, string name = "production", string version = "8", long? rate = null, ManualTimeProvider? clock = null, int hosts = 2, IStateStore? state = null, int? seed = null, TimeSpan srTime = default, int srQueue = 100)
    {
        Fabric = fabric ?? new MemoryFabric();
        Clock = clock ?? new ManualTimeProvider(new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero));
        Iqns = [.. Enumerable.Range(1, hosts).Select(i => $"iqn.2026-01.test:{name}-{i}")];
        Simulator = new XenServerSimulator(new XenServerOptions
        {
            PoolName = name,
            ProductVersion = version,
            Hosts = [.. Iqns.Select((iqn, i) => new XenServerHostOptions($"{name}-{i + 1}", iqn, $"host{i + 1}.{name}.test"))],
            RootPassword = Password,
            Fabric = Fabric,
            Faults = Faults,
            Clock = Clock,
            Exports = new Dictionary<string, string> { ["nfs.test:/export/secondary"] = folder.FullName },
            CopyBytesPerSecond = rate,
            Users = [new XenServerUser("reader", "r", "read-only")],
            State = state,
            Seed = seed,
            SrOperationTime = srTime,
            SrQueue = srQueue,
        });
        var handler = new InProcessHandler();
        for (var i = 0; i < hosts; i++)
            handler.Add($"host{i + 1}.{name}.test:443", Simulator.Endpoint(Simulator.Hosts[i].Uuid));
        Http = new HttpClient(handler);
        Name = name;
    }

    public string Name { get; }

    public MemoryFabric Fabric { get; }

    public ManualTimeProvider Clock { get; }

    public FaultPlan Faults { get; } = new();

    public string[] Iqns { get; }

    public XenServerSimulator Simulator { get; }

    public PoolWorld World => Simulator.World;

    public HttpClient Http { get; }

    public string ExportFolder => folder.FullName;

    public string Session => session ??= Raw("session.login_with_password", "root", Password, "1.0", "test").GetValue<string>();

    public void LogInAgain() => session = null;

    public string Host(int i = 0) => Call("host.get_by_uuid", Simulator.Hosts[i].Uuid);

    public string Call(string method, params JsonNode?[] arguments) => Value(method, arguments).GetValue<string>();

    public JsonNode Value(string method, params JsonNode?[] arguments) => Raw(method, [Session, .. arguments]);

    public ApiFailure Refusal(string method, params JsonNode?[] arguments) => Assert.Throws<ApiFailure>(() => Value(method, arguments));

    public JsonNode Raw(string method, params JsonNode?[] arguments)
    {
        var body = new JsonObject
        {
            ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = new JsonArray([.. arguments.Select(a => a?.DeepClone())]),
        };
        var answer = JsonNode.Parse(Post("/jsonrpc", body.ToJsonString()))!;
        if (answer["error"] is JsonObject error)
            throw new ApiFailure([error["message"]!.GetValue<string>(), .. error["data"]!.AsArray().Select(d => d!.GetValue<string>())]);
        return answer["result"]!;
    }

    public string Post(string path, string body, int host = 1)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = Http.Send(new HttpRequestMessage(HttpMethod.Post, $"https://host{host}.{Name}.test{path}") { Content = content });
        using var reader = new StreamReader(response.Content.ReadAsStream());
        return reader.ReadToEnd();
    }

    public (HttpResponseMessage Response, byte[] Body) Get(string pathAndQuery, int host = 1)
    {
        var response = Http.Send(new HttpRequestMessage(HttpMethod.Get, $"https://host{host}.{Name}.test{pathAndQuery}"));
        using var copy = new MemoryStream();
        response.Content.ReadAsStream().CopyTo(copy);
        return (response, copy.ToArray());
    }

    /// <summary>A LUN with an SR and one disk of 16 MiB: block 0 and 5 partly written, the rest never.</summary>
    public (MemoryLun Lun, string Sr, string Vdi, byte[] Content) Volume(string name = "vol", long size = 16 << 20)
    {
        var lun = Fabric.Add(new MemoryLun(name, PoolWorld.LunBytesFor(size, snapshots: 4)), Iqns);
        var sr = World.CreateLvmSr(MemoryFabric.Portal, lun.TargetIqn, $"/{lun.TargetIqn}/0");
        var vdi = World.CreateVdi(sr, size, "root disk of " + name);
        var content = new byte[size];
        new Random(5).NextBytes(content.AsSpan(4096, 300_000));
        new Random(6).NextBytes(content.AsSpan((5 * 2097152) + 1536, 2_000_000));
        World.WriteVdi(vdi, 4096, content.AsSpan(4096, 300_000));
        World.WriteVdi(vdi, (5 * 2097152) + 1536, content.AsSpan((5 * 2097152) + 1536, 2_000_000));
        return (lun, sr, vdi, content);
    }

    public JsonObject IscsiConfig(MemoryLun lun) =>
        new() { ["target"] = MemoryFabric.Portal, ["targetIQN"] = lun.TargetIqn, ["SCSIid"] = lun.ScsiId };

    /// <summary>Introduces the SR that lies on a LUN, and plugs it on one host.</summary>
    public (string Sr, string Pbd) Introduce(MemoryLun lun, string srUuid, int host = 0)
    {
        var sr = Call("SR.introduce", srUuid, "swf-1", "", "lvmoiscsi", "user", false, new JsonObject());
        var pbd = Call("PBD.create", new JsonObject { ["host"] = Host(host), ["SR"] = sr, ["device_config"] = IscsiConfig(lun) });
        Value("PBD.plug", pbd);
        return (sr, pbd);
    }

    public string NfsSr(string uuid = "11111111-2222-4333-8444-555555555555")
    {
        Directory.CreateDirectory(Path.Combine(ExportFolder, uuid));
        var sr = Call("SR.introduce", uuid, "secondary", "", "nfs", "user", false, new JsonObject());
        var config = new JsonObject { ["server"] = "nfs.test", ["serverpath"] = "/export/secondary" };
        Value("PBD.plug", Call("PBD.create", new JsonObject { ["host"] = Host(), ["SR"] = sr, ["device_config"] = config }));
        return sr;
    }

    public string EmptyVdi(string sr, long size) => Call("VDI.create", new JsonObject
    {
        ["name_label"] = "copy", ["name_description"] = "", ["SR"] = sr, ["virtual_size"] = size, ["type"] = "user", ["sharable"] = false,
        ["read_only"] = false, ["other_config"] = new JsonObject(),
    });

    public string VhdPath(string vdiRef) =>
        Path.Combine(ExportFolder, "11111111-2222-4333-8444-555555555555", Call("VDI.get_uuid", vdiRef) + ".vhd");

    public string SrUuidOnLun(MemoryLun lun)
    {
        var list = Call("SR.probe", Host(), IscsiConfig(lun), "lvmoiscsi", new JsonObject());
        return System.Xml.Linq.XElement.Parse(list).Element("SR")!.Element("UUID")!.Value;
    }

    public void Dispose()
    {
        Http.Dispose();
        folder.Delete(recursive: true);
    }
}
