using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>Clients of the world's pools over a handler of the test's.</summary>
/// <param name="names">Those that the settings name; null: both.</param>
internal sealed class WorldPools(HttpMessageHandler network, TimeProvider time, string[]? names = null) : IXenServerPools
{
    private readonly Dictionary<string, XenServerClient> _clients = (names ?? ["production", "backup"]).ToDictionary(name => name, name => Client(name, network, time), StringComparer.Ordinal);

    public IReadOnlyList<string> Names => [.. _clients.Keys];

    public XenServerClient CopyPool => _clients["backup"];

    public XenServerClient Get(string name) => _clients.TryGetValue(name, out var client) ? client : throw new KeyNotFoundException($"No pool named {name} is configured.");

    private static XenServerClient Client(string name, HttpMessageHandler network, TimeProvider time) => new(
        new HttpClient(network, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan },
        new XenServerPoolOptions
        {
            Name = name,
            Endpoint = new Uri($"https://{name}.test"),
            Username = "root",
            Password = CrashWorld.PoolPassword,
            CallTimeout = TimeSpan.FromHours(1),
            StorageCallTimeout = TimeSpan.FromHours(1),
            StreamIdleTimeout = TimeSpan.FromHours(1),
            ExportEndTimeout = TimeSpan.FromHours(1),
        },
        time,
        NullLogger<XenServerClient>.Instance);
}
