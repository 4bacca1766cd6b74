using SnapshotWorkflows.Simulators.Control;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>The world's addresses on 127.0.0.1, each on a port of the system's choice.</summary>
internal sealed class WorldServers : IAsyncDisposable
{
    private readonly List<SimulatorServer> _servers = [];
    private readonly List<NbdServer> _nbd = [];

    private WorldServers()
    {
    }

    public Endpoints Endpoints { get; private set; } = null!;

    public static async Task<WorldServers> StartAsync(SimulatedWorld world)
    {
        var servers = new WorldServers();
        try
        {
            servers.Endpoints = await servers.ListenAsync(world);
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
        await Task.WhenAll(_servers.ConvertAll(server => server.DisposeAsync().AsTask()));
    }

    private async Task<Endpoints> ListenAsync(SimulatedWorld world)
    {
        var array = await ListenAsync(world.Array);
        var pools = new List<ApplianceEndpoint>();
        foreach (var pool in world.Pools) pools.Add(await ListenAsync(pool, world.PoolPassword));
        var cloud = await ListenAsync(world.Cloud);
        var hook = await ListenAsync(world.Agent, https: false);
        var control = await ListenAsync(new ControlEndpoint(world), https: false);
        var options = world.Array.Options;
        return new Endpoints(
            Address(control),
            new ApplianceEndpoint(null, $"{Address(array)}/json-rpc/{options.ApiVersion}", options.Username, options.Password, array.CertificateSha256!),
            pools,
            new CloudStackEndpoint($"{Address(cloud)}/client/api", world.CloudKey, world.CloudSecret, cloud.CertificateSha256!),
            new HookEndpoint(Address(hook), world.HookToken),
            new NfsEndpoint(SimulatedWorld.NfsServer, SimulatedWorld.NfsExport, world.NfsPath));
    }

    /// <summary>Each host has an address of its own; the pool's endpoint is its coordinator's.</summary>
    private async Task<ApplianceEndpoint> ListenAsync(XenServerSimulator pool, string password)
    {
        SimulatorServer? coordinator = null;
        foreach (var host in pool.Hosts)
        {
            var server = await ListenAsync(pool.Endpoint(host.Uuid), sameCertificateAs: coordinator);
            pool.SetAddress(host.Uuid, server.Uri.Authority);
            _nbd.Add(pool.StartNbd(host.Uuid, server.Certificate!));
            coordinator ??= server;
        }

        return new ApplianceEndpoint(pool.PoolName, Address(coordinator!), "root", password, coordinator!.CertificateSha256!);
    }

    private async Task<SimulatorServer> ListenAsync(ISimulatedEndpoint endpoint, bool https = true, SimulatorServer? sameCertificateAs = null)
    {
        var server = await SimulatorServer.StartAsync(endpoint, https, sameCertificateAs: sameCertificateAs);
        _servers.Add(server);
        return server;
    }

    private static string Address(SimulatorServer server) => server.Uri.GetLeftPart(UriPartial.Authority);
}
