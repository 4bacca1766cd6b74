using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.SolidFire;

/// <summary>A cluster as a raw JSON-RPC caller meets it, on a clock of the test's own.</summary>
internal sealed class Array : IDisposable
{
    public const string HostIqn = "iqn.2026-01.test:host1";

    private readonly HttpClient client;

    public Array(SolidFireOptions? options = null, SparseVolumeStore? store = null, DateTimeOffset? now = null)
    {
        Store = store ?? SparseVolumeStore.InMemory();
        if (now is { } time)
        {
            Clock.Advance(time - Clock.GetUtcNow());
        }

        Simulator = new SolidFireSimulator(options ?? new SolidFireOptions { CloneTime = TimeSpan.FromSeconds(10) }, Clock, Faults, Store);
        client = new HttpClient(new InProcessHandler().Add("mvip.test:443", Simulator)) { BaseAddress = new Uri("https://mvip.test") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("admin:admin")));
        var known = Simulator.Call("ListAccounts")["accounts"]!.AsArray();
        AccountId = (long)(known.Count > 0 ? known[0]! : Simulator.Call("AddAccount", new JsonObject { ["username"] = "tenant" }))["accountID"]!;
    }

    public TestClock Clock { get; } = new();

    public FaultPlan Faults { get; } = new();

    public SparseVolumeStore Store { get; }

    public SolidFireSimulator Simulator { get; }

    public HttpClient Client => client;

    public long AccountId { get; }

    public void Dispose()
    {
        client.Dispose();
        Store.Dispose();
    }

    /// <summary>The whole answer.</summary>
    public async Task<JsonObject> Post(string method, JsonObject? parameters = null, string path = "/json-rpc/12.5")
    {
        var body = new JsonObject { ["method"] = method, ["params"] = parameters ?? [], ["id"] = 7 };
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), new StringContent(body.ToJsonString()));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (JsonObject)JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    public async Task<JsonObject> Call(string method, JsonObject? parameters = null)
    {
        var answer = await Post(method, parameters);
        Assert.True(answer["error"] is null, answer.ToJsonString());
        return (JsonObject)answer["result"]!;
    }

    public async Task<string> Error(string method, JsonObject? parameters = null)
    {
        var answer = await Post(method, parameters);
        Assert.True(answer["error"] is not null, $"{method} should have failed: {answer.ToJsonString()}");
        Assert.Equal(500, (int)answer["error"]!["code"]!);
        return (string)answer["error"]!["name"]!;
    }

    public async Task<long> CreateVolume(string name = "data", long size = 1_000_000_000, JsonObject? more = null)
    {
        var parameters = new JsonObject { ["name"] = name, ["accountID"] = AccountId, ["totalSize"] = size, ["enable512e"] = true };
        foreach (var (key, value) in more ?? [])
        {
            parameters[key] = value?.DeepClone();
        }

        return (long)(await Call("CreateVolume", parameters))["volumeID"]!;
    }

    public async Task<long> CreateSnapshot(long volume, JsonObject? more = null)
    {
        var parameters = more ?? [];
        parameters["volumeID"] = volume;
        return (long)(await Call("CreateSnapshot", parameters))["snapshotID"]!;
    }

    public Task<JsonObject> Clone(long volume, long snapshot, string name = "clone") =>
        Call("CloneVolume", new JsonObject { ["volumeID"] = volume, ["snapshotID"] = snapshot, ["name"] = name });

    public async Task<IReadOnlyList<long>> Listed(string method, string list, string id, JsonObject? parameters = null) =>
        [.. ((JsonArray)(await Call(method, parameters))[list]!).Select(entry => (long)entry![id]!)];

    public Task<IReadOnlyList<long>> ListedVolumes(JsonObject? parameters = null) => Listed("ListVolumes", "volumes", "volumeID", parameters);

    public Task<IReadOnlyList<long>> ListedSnapshots(long volume) =>
        Listed("ListSnapshots", "snapshots", "snapshotID", new JsonObject { ["volumeID"] = volume });

    public async Task<long> GroupWithHost(params long[] volumes)
    {
        var group = await Call("CreateVolumeAccessGroup", new JsonObject
        {
            ["name"] = "hosts",
            ["initiators"] = new JsonArray(HostIqn),
            ["volumes"] = new JsonArray([.. volumes.Select(volume => (JsonNode)volume)]),
        });
        return (long)group["volumeAccessGroupID"]!;
    }

    public string Iqn(long volume) => (string)Simulator.Call("ListVolumes", new JsonObject { ["startVolumeID"] = volume, ["limit"] = 1 })["volumes"]![0]!["iqn"]!;
}
