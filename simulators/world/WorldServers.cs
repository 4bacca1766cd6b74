using System.Net;
using SnapshotWorkflows.Simulators.Control;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.Iscsi;
using SnapshotWorkflows.Simulators.SolidFire;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>The world's addresses on 127.0.0.1, each on a port of the system's choice; a pool's hosts after the first are on 127.0.0.2 and so on.</summary>
internal sealed class WorldServers : IAsyncDisposable
{
    private readonly List<SimulatorServer> _servers = [];
    private readonly List<NbdServer> _nbd = [];
    private IscsiPortal? _iscsi;

    private WorldServers()
    {
    }

    public Endpoints Endpoints { get; private set; } = null!;

    public static async Task<WorldServers> StartAsync(SimulatedWorld world, ProgramOptions options)
    {
        var servers = new WorldServers();
        try
        {
            servers.Endpoints = await servers.ListenAsync(world, options);
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var nbd in _nbd) await nbd.DisposeAsync();
        // All at once: each may need a moment to cut requests that are held up by a fault.
        if (_iscsi is not null) await _iscsi.DisposeAsync();
        await Task.WhenAll(_servers.ConvertAll(server => server.DisposeAsync().AsTask()));
    }

    private async Task<Endpoints> ListenAsync(SimulatedWorld world, ProgramOptions options)
    {
        var secrets = world.Secrets;
        var array = await ListenAsync(world.Array, options.SolidFirePort, secrets.Certificates["solidfire"]);
        var pools = new List<ApplianceEndpoint>();
        var port = options.XenServerPort;
        foreach (var pool in world.Pools)
        {
            pools.Add(await ListenAsync(pool, secrets, port));
            port += port == 0 ? 0 : 1;
        }

        var cloud = await ListenAsync(world.Cloud, options.CloudStackPort, secrets.Certificates["cloudstack"]);
        var hook = await ListenAsync(world.Agent);
        var control = await ListenAsync(new ControlEndpoint(world));
        _iscsi = options.IscsiPort is { } iscsi ? IscsiPortal.Start(world.Array, iscsi) : null;
        return new Endpoints(
            Address(control),
            Appliance(world.Array, array),
            pools,
            new CloudStackEndpoint($"{Address(cloud)}/client/api", secrets.CloudKey, secrets.CloudSecret, cloud.CertificateSha256!),
            new HookEndpoint(Address(hook), secrets.HookToken),
            new NfsEndpoint(SimulatedWorld.NfsServer, SimulatedWorld.NfsExport, world.NfsPath),
            _iscsi?.Address)
        {
            SecondSolidfire = world.Second is { } second ? Appliance(second, await ListenAsync(second, 0, CertificateOf(secrets))) : null,
        };
    }

    private static ApplianceEndpoint Appliance(SolidFireSimulator array, SimulatorServer server) =>
        new(null, $"{Address(server)}/json-rpc/{array.Options.ApiVersion}", array.Options.Username, array.Options.Password, server.CertificateSha256!);

    private static string CertificateOf(WorldSecrets secrets) => secrets.Certificates.TryGetValue(SimulatedWorld.SecondArray, out var drawn)
        ? drawn
        : throw new IOException("The folder was made by an older version, which knew one array alone; take a new one for two.");

    /// <summary>
    /// Each host has an address of its own, all have one port, as real hosts have: clients that are sent on change the address and keep the port. The
    /// pool's endpoint is its coordinator's, and all show one certificate.
    /// </summary>
    private async Task<ApplianceEndpoint> ListenAsync(XenServerSimulator pool, WorldSecrets secrets, int port)
    {
        SimulatorServer? coordinator = null;
        foreach (var (index, host) in pool.Hosts.Index())
        {
            var server = await ListenAsync(pool.Endpoint(host.Uuid), port, secrets.Certificates[pool.PoolName], new IPAddress([127, 0, 0, (byte)(1 + index)]));
            pool.SetAddress(host.Uuid, server.Uri.Host, server.Uri.Port);
            _nbd.Add(pool.StartNbd(host.Uuid, server.Certificate!));
            coordinator ??= server;
            port = server.Uri.Port;
        }

        return new ApplianceEndpoint(pool.PoolName, Address(coordinator!), "root", secrets.PoolPassword, coordinator!.CertificateSha256!);
    }

    /// <param name="certificate">What the server shows, in the form of <see cref="SimulatorServer.NewCertificate"/>; null: plain HTTP.</param>
    private async Task<SimulatorServer> ListenAsync(ISimulatedEndpoint endpoint, int port = 0, string? certificate = null, IPAddress? address = null)
    {
        var server = await SimulatorServer.StartAsync(endpoint, https: certificate is not null, port: port, certificate: certificate, address: address);
        _servers.Add(server);
        return server;
    }

    private static string Address(SimulatorServer server) => server.Uri.GetLeftPart(UriPartial.Authority);
}
