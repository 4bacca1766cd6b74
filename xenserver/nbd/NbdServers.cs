using System.Text.Json;

namespace SnapshotWorkflows.XenServer;

/// <summary>The NBD servers that offer one disk. They are asked for again after a fault: the export name bears a session, and a session ends.</summary>
internal sealed class NbdServers(XenServerClient client, Vdi vdi)
{
    private const string Method = "VDI.get_nbd_info";
    private readonly Lock _gate = new();
    private IReadOnlyList<NbdServerInfo>? _known;
    private int _next;
    private int _opened;

    public int Opened => Volatile.Read(ref _opened);

    /// <exception cref="NbdException">This server did not let us in; the exception says whether another try may do better.</exception>
    /// <exception cref="XenApiException">The pool offers no NBD for the disk, or cannot be asked.</exception>
    public async Task<NbdConnection> ConnectAsync(CancellationToken cancellation)
    {
        var server = Choose(_known ?? await AskAsync(cancellation));
        var connection = await NbdConnection.OpenAsync(server, client.Connection.Options.AllowPlainNbd, cancellation);
        if (connection.Bytes != vdi.VirtualBytes)
        {
            await connection.DisposeAsync();
            throw new NbdException($"The export has {connection.Bytes} bytes, the disk {vdi.VirtualBytes}.", mayPass: false);
        }
        Interlocked.Increment(ref _opened);
        return connection;
    }

    /// <summary>After a fault the next connection goes to the next server, with a name that is asked for anew.</summary>
    public void Failed(NbdException fault, int attempt)
    {
        lock (_gate) _known = null;
        client.Connection.Logger.NbdBroken(client.PoolName, vdi.Uuid, client.Connection.Redact(fault.Message), attempt + 1);
    }

    public XenApiException Fault(NbdException fault) => new(Method, XenApiErrors.NbdBroken, [], fault.MayPass ? XenApiErrorKind.Transient : XenApiErrorKind.Permanent,
        $"Disk {vdi.Uuid} could not be read over NBD. {client.Connection.Redact(fault.Message)}", fault);

    private NbdServerInfo Choose(IReadOnlyList<NbdServerInfo> servers)
    {
        lock (_gate) return servers[_next++ % servers.Count];
    }

    private async Task<IReadOnlyList<NbdServerInfo>> AskAsync(CancellationToken cancellation)
    {
        try
        {
            var reply = await client.CallAsync(Method, CallKind.Read, [vdi.Ref.Value], cancellation);
            var servers = reply.Deserialize(XenJson.Default.NbdServerInfoArray) ?? [];
            foreach (var server in servers) client.Connection.Conceal(server.ExportName);
            if (servers.Length == 0)
                throw Unavailable("No network of a host that has the disk's SR bears the purpose nbd, or none of these hosts runs its NBD server.");
            lock (_gate) _known = servers;
            return servers;
        }
        catch (JsonException fault)
        {
            throw new XenApiException(Method, XenApiErrors.AnswerLost, [], XenApiErrorKind.Permanent, "The NBD servers could not be read.", fault);
        }
        catch (XenApiException fault) when (fault.Code is XenApiErrors.MessageMethodUnknown or XenApiErrors.MessageRemoved)
        {
            throw Unavailable("The pool is older than NBD (XenServer 7.3).");
        }
    }

    private static XenApiException Unavailable(string why) => new(Method, XenApiErrors.NbdUnavailable, [], XenApiErrorKind.Permanent, why);
}
