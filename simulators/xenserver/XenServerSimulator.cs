using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// One XenServer pool. The object itself is the coordinator's address; <see cref="Endpoint"/> gives each member's. Nothing runs by
/// itself: calls and <see cref="Step"/> bring copies, detachments and expiries up to the clock's present.
/// </summary>
public sealed class XenServerSimulator : ISimulatedEndpoint, ISteppable
{
    /// <summary>Name of this system in a <see cref="FaultPlan"/>.</summary>
    public const string System = "xenserver";

    /// <summary>A planned failure of this method is answered before dispatch: in JSON, an error that is a bare array.</summary>
    public const string OutsideDispatch = "dispatch";

    private readonly Pool _pool;
    private readonly Dictionary<string, HostEndpoint> _endpoints;

    public XenServerSimulator(XenServerOptions options)
    {
        _pool = new Pool(options);
        var dispatcher = new Dispatcher(_pool);
        _endpoints = _pool.Db.All<HostRow>().ToDictionary(h => h.Uuid, h => new HostEndpoint(_pool, h, dispatcher), StringComparer.Ordinal);
        World = new PoolWorld(_pool);
    }

    public string PoolName => _pool.Options.PoolName;

    /// <summary>What a world's builder does inside the pool without going through the API.</summary>
    public PoolWorld World { get; }

    /// <summary>The coordinator first.</summary>
    public IReadOnlyList<InventoryHost> Hosts
    {
        get
        {
            lock (_pool.Gate)
                return World.Hosts();
        }
    }

    /// <summary>The address of one host.</summary>
    public ISimulatedEndpoint Endpoint(string hostUuid) => _endpoints[hostUuid];

    public Task InvokeAsync(HttpContext context) => _endpoints[Hosts[0].Uuid].InvokeAsync(context);

    public void Step()
    {
        lock (_pool.Gate)
            _pool.Step();
    }

    /// <summary>
    /// How HOST_IS_SLAVE and redirects name a host. Real hosts have one port in common and state no port; where they have not, the address is
    /// given with it (<c>127.0.0.1:port</c>).
    /// </summary>
    /// <param name="port">The common port, which a redirect states where it is not the standard one.</param>
    public void SetAddress(string hostUuid, string address, int? port = null)
    {
        lock (_pool.Gate)
            (Host(hostUuid).Address, Host(hostUuid).Port) = (address, port);
    }

    /// <summary>Starts a host's NBD server on the loopback; disposing it stops it. Until then VDI.get_nbd_info does not name the host.</summary>
    /// <param name="certificate">With its private key; what the server shows under TLS and VDI.get_nbd_info states.</param>
    /// <param name="port">0 for a port of the system's choice.</param>
    public NbdServer StartNbd(string hostUuid, X509Certificate2 certificate, int port = 0)
    {
        HostRow host;
        lock (_pool.Gate)
            host = Host(hostUuid);
        return new NbdServer(_pool, host, certificate, port);
    }

    /// <summary>Sessions and tasks vanish, copies under way leave what they wrote; nothing answers for a while.</summary>
    public void Restart(TimeSpan away = default)
    {
        lock (_pool.Gate)
            _pool.Restart(away);
    }

    /// <summary>
    /// Management of the host is lost: calls that must run there are HOST_OFFLINE, and its own address no longer answers. Its storage
    /// sessions and machines go on, as when only the management network is down.
    /// </summary>
    public void SetHostOffline(string hostUuid, bool offline)
    {
        lock (_pool.Gate)
        {
            var host = Host(hostUuid);
            host.Online = !offline;
            var metrics = _pool.Db.Get<HostMetricsRow>("host_metrics", host.Metrics);
            metrics.Live = !offline;
            _pool.Db.Touch(host);
            _pool.Db.Touch(metrics);
        }
    }

    /// <summary>From now on nothing fits on the export (all exports when none is named): VDI.create and VDI.copy there are SR_FULL.</summary>
    public void SetExportFull(bool full, string? export = null)
    {
        lock (_pool.Gate)
            _pool.Exports.SetFull(export, full);
    }

    public PoolInventory Inventory()
    {
        lock (_pool.Gate)
        {
            _pool.Step();
            return World.Inventory();
        }
    }

    private HostRow Host(string uuid) =>
        _pool.Db.FindByUuid<HostRow>(uuid) ?? throw new KeyNotFoundException($"Pool {PoolName} has no host {uuid}.");
}
