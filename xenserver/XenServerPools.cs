using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.XenServer;

/// <summary>Makes one client a configured pool and keeps it for the life of the process.</summary>
public sealed class XenServerPools : IXenServerPools, IAsyncDisposable
{
    private readonly Dictionary<string, XenServerClient> _clients = new(StringComparer.Ordinal);
    private readonly List<HttpClient> _https = [];
    private readonly string _copyPool;

    public XenServerPools(IOptions<XenServerOptions> options, TimeProvider time, ILoggerFactory loggers)
    {
        foreach (var pool in options.Value.Pools)
        {
            var http = new HttpClient(XenServerRegistration.CreateHandler(pool)) { Timeout = Timeout.InfiniteTimeSpan };
            _https.Add(http);
            _clients.Add(pool.Name, new XenServerClient(http, pool, time, loggers.CreateLogger<XenServerClient>()));
        }
        // With one pool there is nothing to choose.
        _copyPool = options.Value.CopyPool is { Length: > 0 } named ? named : options.Value.Pools.Count == 1 ? options.Value.Pools[0].Name : "";
    }

    public IReadOnlyList<string> Names => [.. _clients.Keys];

    public XenServerClient CopyPool => _copyPool.Length > 0
        ? Get(_copyPool)
        : throw new KeyNotFoundException("XenServer:CopyPool is not set; name the pool whose host does the copies.");

    public XenServerClient Get(string name) => _clients.TryGetValue(name, out var client)
        ? client
        : throw new KeyNotFoundException($"No pool named {name} is configured; XenServer:Pools has {string.Join(", ", _clients.Keys)}.");

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values) await client.DisposeAsync();
        foreach (var http in _https) http.Dispose();
    }
}
