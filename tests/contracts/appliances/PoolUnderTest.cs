using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>
/// A pool to go through a disk's life on: a simulated one, or a real one where SWF_POOL_ENDPOINT, SWF_POOL_PASSWORD, SWF_POOL_SHA256 (of all
/// hosts, with commas), SWF_POOL_NFS_SERVER and SWF_POOL_NFS_PATH name it and a scratch export (SWF_POOL_USER, root unless given). On a real
/// pool everything made bears the label <c>swf-contract</c> and is taken away again.
/// </summary>
internal sealed class PoolUnderTest : IAsyncDisposable
{
    private readonly Appliances? _simulated;
    private readonly HttpClient? _http;

    private PoolUnderTest(XenServerClient client, Dictionary<string, string> nfs, Appliances? simulated, HttpClient? http) =>
        (Client, Nfs, _simulated, _http) = (client, nfs, simulated, http);

    public XenServerClient Client { get; }

    /// <summary>device_config of an NFS SR.</summary>
    public Dictionary<string, string> Nfs { get; }

    public static async Task<PoolUnderTest> OpenAsync(string version)
    {
        if (Environment.GetEnvironmentVariable("SWF_POOL_ENDPOINT") is not { Length: > 0 } endpoint)
        {
            var world = await Appliances.StartAsync(version);
            return new(world.PoolClients["production"], new() { ["server"] = Appliances.NfsServer, ["serverpath"] = Appliances.NfsExport }, world, null);
        }

        var options = new XenServerPoolOptions
        {
            Name = "real", Endpoint = new Uri(endpoint), Username = Environment.GetEnvironmentVariable("SWF_POOL_USER") ?? "root", Password = Needed("SWF_POOL_PASSWORD"),
            CertificateSha256 = Needed("SWF_POOL_SHA256"),
        };
        var http = new HttpClient(XenServerRegistration.CreateHandler(options)) { Timeout = Timeout.InfiniteTimeSpan };
        var client = new XenServerClient(http, options, TimeProvider.System, NullLogger<XenServerClient>.Instance);
        return new(client, new() { ["server"] = Needed("SWF_POOL_NFS_SERVER"), ["serverpath"] = Needed("SWF_POOL_NFS_PATH") }, null, http);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        if (_simulated is not null) await _simulated.DisposeAsync();
        _http?.Dispose();
    }

    private static string Needed(string name) => Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"Set {name} as well.");
}
