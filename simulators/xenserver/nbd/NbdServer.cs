using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// A host's NBD server (xapi-nbd): read-only disks by the export name that VDI.get_nbd_info gives. Whether it speaks TLS is decided
/// for each connection by the purposes of the pool's networks. At most 16 connections.
/// </summary>
/// <remarks>xapi-project/xen-api ocaml/nbd/src/main.ml and lib/consts.ml; xapi-project/nbd lib/server.ml.</remarks>
public sealed class NbdServer : IAsyncDisposable
{
    /// <summary>Method of a planned fault at a new connection.</summary>
    public const string Connect = "nbd_connect";

    /// <summary>Method of a planned fault at a read.</summary>
    public const string Read = "nbd_read";

    private const int ConnectionLimit = 16;
    private readonly Pool _pool;
    private readonly HostRow _host;
    private readonly X509Certificate2 _certificate;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Task> _connections = [];
    private readonly Task _accepting;

    internal NbdServer(Pool pool, HostRow host, X509Certificate2 certificate, int port)
    {
        (_pool, _host, _certificate) = (pool, host, certificate);
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        lock (pool.Gate)
            (host.NbdPort, host.CertificatePem) = (Port, certificate.ExportCertificatePem());
        _accepting = Task.Run(AcceptAsync);
    }

    public int Port { get; }

    public async ValueTask DisposeAsync()
    {
        lock (_pool.Gate)
            _host.NbdPort = null;
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        Task[] open;
        lock (_connections)
            open = [.. _connections];
        await Task.WhenAll(open);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                if (_stop.IsCancellationRequested)
                    return;
                continue;
            }

            lock (_connections)
            {
                _connections.RemoveWhere(c => c.IsCompleted);
                if (_connections.Count < ConnectionLimit)
                    _connections.Add(Task.Run(() => ServeAsync(client)));
                else
                    client.Dispose();
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            client.NoDelay = true;
            try
            {
                var fault = _pool.Options.Faults.Take(XenServerSimulator.System, _pool.Options.PoolName, Connect);
                fault?.Shows();
                if (fault?.Action == FaultAction.Stall)
                    await FaultedExchange.HoldAsync(fault.Duration, _pool.Options.Clock, _stop.Token);
                else if (fault is not null)
                    return;
                if (Tls() is { } tls)
                    await new NbdHandshake(_pool, _host, client.GetStream(), tls ? _certificate : null).ServeAsync(_stop.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException or SocketException or ObjectDisposedException)
            {
                // Either end closed the connection.
            }
        }
    }

    /// <summary>Null when the pool's networks forbid NBD, or contradict one another.</summary>
    private bool? Tls()
    {
        lock (_pool.Gate)
        {
            var purposes = _pool.Db.All<NetworkRow>().SelectMany(n => n.Purpose).ToHashSet(StringComparer.Ordinal);
            var (secure, insecure) = (purposes.Contains(NetworkRow.Nbd), purposes.Contains(NetworkRow.InsecureNbd));
            return !_host.Online || _pool.Now < _pool.AwayUntil || secure == insecure ? null : secure;
        }
    }
}
