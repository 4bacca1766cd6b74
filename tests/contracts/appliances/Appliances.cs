using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire;
using SnapshotWorkflows.Simulators.XenServer;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.XenServer;
using SimulatedCloud = SnapshotWorkflows.Simulators.CloudStack.CloudStackOptions;
using SimulatedCluster = SnapshotWorkflows.Simulators.SolidFire.SolidFireOptions;
using SimulatedPool = SnapshotWorkflows.Simulators.XenServer.XenServerOptions;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>An array, two pools of two hosts and a management server behind real TLS on the loopback, and clients that know only addresses and fingerprints.</summary>
internal sealed class Appliances : IAsyncDisposable
{
    public const string NfsServer = "127.0.0.1";
    public const string NfsExport = "/export/secondary";
    private const string Portal = "10.117.2.10";
    private readonly CancellationTokenSource _stop = new();
    private readonly List<IAsyncDisposable> _servers = [];
    private readonly List<HttpClient> _https = [];
    private readonly Dictionary<(string Pool, string Host), string> _addresses = [];
    private readonly SparseVolumeStore _store = SparseVolumeStore.InMemory();
    private readonly StepDriver _driver = new(TimeProvider.System);
    private Task _stepping = Task.CompletedTask;

    public FaultPlan Faults { get; } = new();

    public string NfsFolder { get; } = Directory.CreateTempSubdirectory("appliances-").FullName;

    public SolidFireSimulator Array { get; private set; } = null!;

    public Dictionary<string, XenServerSimulator> Pools { get; } = [];

    public CloudStackSimulator Cloud { get; private set; } = null!;

    public SnapshotWorkflows.SolidFire.SolidFireOptions ArrayOptions { get; private set; } = null!;

    public SolidFireClient ArrayClient { get; private set; } = null!;

    public SnapshotWorkflows.CloudStack.CloudStackOptions CloudOptions { get; private set; } = null!;

    public CloudStackClient CloudClient { get; private set; } = null!;

    public Dictionary<string, XenServerPoolOptions> PoolOptions { get; } = [];

    public Dictionary<string, XenServerClient> PoolClients { get; } = [];

    /// <summary>Access groups by pool name.</summary>
    public Dictionary<string, long> Groups { get; } = [];

    public static async Task<Appliances> StartAsync(string version = "8", TimeSpan? cloneTime = null, bool nbdGo = true)
    {
        var world = new Appliances();
        await world.BeginAsync(version, cloneTime ?? TimeSpan.FromMilliseconds(150), nbdGo);
        return world;
    }

    /// <summary>A volume that production uses: an SR with one disk that holds the bytes.</summary>
    public (long VolumeId, string Iqn, string SrUuid, string VdiUuid) MakeVolume(ReadOnlySpan<byte> content, long virtualBytes = 4 << 20)
    {
        var account = (long)Array.Call("AddAccount", new() { ["username"] = $"tenant-{Guid.NewGuid():N}" })["accountID"]!;
        var made = Array.Call("CreateVolume", new() { ["name"] = "data", ["accountID"] = account, ["totalSize"] = 1_000_000_000, ["enable512e"] = true });
        var id = (long)made["volumeID"]!;
        var iqn = (string)made["volume"]!["iqn"]!;
        Array.Call("AddVolumesToVolumeAccessGroup", new() { ["volumeAccessGroupID"] = Groups["production"], ["volumes"] = new JsonArray(id) });
        var world = Pools["production"].World;
        var sr = world.CreateLvmSr(Portal, iqn, $"/{iqn}/0");
        var vdi = world.CreateVdi(sr, virtualBytes, "data");
        world.WriteVdi(vdi, 0, content);
        return (id, iqn, sr, vdi);
    }

    public static Dictionary<string, string> Device(string iqn, string? scsiId = null)
    {
        var config = new Dictionary<string, string> { ["target"] = Portal, ["targetIQN"] = iqn };
        if (scsiId is not null) config["SCSIid"] = scsiId;
        return config;
    }

    public SolidFireClient NewArrayClient(SnapshotWorkflows.SolidFire.SolidFireOptions options) =>
        new(Http(SolidFireRegistration.CreateHandler(options)), options, TimeProvider.System, NullLogger<SolidFireClient>.Instance);

    public XenServerClient NewPoolClient(XenServerPoolOptions options) =>
        new(Http(XenServerRegistration.CreateHandler(options)), options, TimeProvider.System, NullLogger<XenServerClient>.Instance);

    public string AddressOf(string pool, string hostUuid) => _addresses[(pool, hostUuid)];

    /// <summary>The pool's settings with a change.</summary>
    public XenServerPoolOptions PoolSettings(string name, Action<XenServerPoolOptions> change)
    {
        var known = PoolOptions[name];
        var options = new XenServerPoolOptions
        {
            Name = name, Endpoint = known.Endpoint, Username = known.Username, Password = known.Password, CertificateSha256 = known.CertificateSha256,
            RetryDelay = known.RetryDelay, RetryDelayMax = known.RetryDelayMax,
        };
        change(options);
        return options;
    }

    public CloudStackClient NewCloudClient(SnapshotWorkflows.CloudStack.CloudStackOptions options) =>
        new(Http(CloudStackRegistration.CreateHandler(options)), options, TimeProvider.System, NullLogger<CloudStackClient>.Instance);

    /// <summary>Looks until it is so; only the test's own patience bounds it. Real time: behind it may be a real appliance, which tells nothing.</summary>
    public static async Task<T> UntilAsync<T>(Func<Task<T?>> look) where T : class
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (await look() is { } found) return found;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var http in _https) http.Dispose();
        await _stop.CancelAsync();
        await _stepping;
        foreach (var server in _servers) await server.DisposeAsync();
        _store.Dispose();
        _stop.Dispose();
        Directory.Delete(NfsFolder, recursive: true);
    }

    private async Task BeginAsync(string version, TimeSpan cloneTime, bool nbdGo)
    {
        var fabric = new StorageFabric();
        Array = new SolidFireSimulator(new SimulatedCluster { Password = "array-secret", CloneTime = cloneTime, Svip = Portal }, TimeProvider.System, Faults, _store);
        fabric.Register(Portal, Array);
        _driver.Add(Array);
        var server = await ServeAsync(Array);
        ArrayOptions = new()
        {
            Endpoint = new Uri(server.Uri, "/json-rpc/12.5"), Username = "admin", Password = "array-secret", CertificateSha256 = server.CertificateSha256,
            RetryDelay = TimeSpan.FromMilliseconds(5), RetryDelayMax = TimeSpan.FromMilliseconds(20),
        };
        ArrayClient = NewArrayClient(ArrayOptions);
        await StartPoolAsync("production", version, fabric, nbdGo);
        await StartPoolAsync("backup", version, fabric, nbdGo);
        Cloud = new CloudStackSimulator(new SimulatedCloud { ApiKey = "cloud-key", SecretKey = "cloud-secret", EnforceTimestamps = true }, TimeProvider.System, Faults);
        _driver.Add(Cloud);
        server = await ServeAsync(Cloud);
        CloudOptions = new()
        {
            Endpoint = new Uri(server.Uri, "/client/api"), ApiKey = "cloud-key", SecretKey = "cloud-secret", CertificateSha256 = server.CertificateSha256,
            RetryDelay = TimeSpan.FromMilliseconds(5), RetryDelayMax = TimeSpan.FromMilliseconds(20), JobPollInterval = TimeSpan.FromMilliseconds(20),
        };
        CloudClient = NewCloudClient(CloudOptions);
        _stepping = Task.Run(() => _driver.RunAsync(TimeSpan.FromMilliseconds(5), _stop.Token));
    }

    private async Task StartPoolAsync(string name, string version, StorageFabric fabric, bool nbdGo)
    {
        string[] iqns = [$"iqn.2026-01.test:{name}-1", $"iqn.2026-01.test:{name}-2"];
        var pool = new XenServerSimulator(new SimulatedPool
        {
            PoolName = name,
            ProductVersion = version,
            Hosts = [new($"{name}-1", iqns[0]), new($"{name}-2", iqns[1])],
            RootPassword = "pool-secret",
            Fabric = fabric,
            Faults = Faults,
            Exports = new Dictionary<string, string> { [$"{NfsServer}:{NfsExport}"] = NfsFolder },
            DetachLag = TimeSpan.FromMilliseconds(50),
            NbdGo = nbdGo,
        });
        Pools[name] = pool;
        _driver.Add(pool);
        List<SimulatorServer> servers = [];
        foreach (var (index, host) in pool.Hosts.Index())
        {
            // As real hosts: addresses of their own, one port.
            var server = await ServeAsync(pool.Endpoint(host.Uuid), new IPAddress([127, 0, 0, (byte)(1 + index)]), index == 0 ? 0 : servers[0].Uri.Port);
            servers.Add(server);
            pool.SetAddress(host.Uuid, server.Uri.Host, server.Uri.Port);
            _addresses[(name, host.Uuid)] = server.Uri.Authority;
            _servers.Insert(0, pool.StartNbd(host.Uuid, server.Certificate!));
        }
        PoolOptions[name] = new()
        {
            // The member, not the coordinator: every test goes through the redirect.
            Name = name, Endpoint = servers[1].Uri, Username = "root", Password = "pool-secret",
            CertificateSha256 = string.Join(',', servers.Select(server => server.CertificateSha256)),
            RetryDelay = TimeSpan.FromMilliseconds(5), RetryDelayMax = TimeSpan.FromMilliseconds(20),
        };
        PoolClients[name] = NewPoolClient(PoolOptions[name]);
        Groups[name] = (long)Array.Call("CreateVolumeAccessGroup", new() { ["name"] = name, ["initiators"] = new JsonArray(iqns[0], iqns[1]) })["volumeAccessGroupID"]!;
    }

    private async Task<SimulatorServer> ServeAsync(ISimulatedEndpoint endpoint, IPAddress? address = null, int port = 0)
    {
        var server = await SimulatorServer.StartAsync(endpoint, address: address, port: port);
        _servers.Add(server);
        return server;
    }

    private HttpClient Http(HttpMessageHandler handler)
    {
        var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _https.Add(http);
        return http;
    }
}
