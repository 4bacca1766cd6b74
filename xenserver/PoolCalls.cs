using System.Text.Json.Nodes;

namespace SnapshotWorkflows.XenServer;

/// <summary>Pool, hosts, drivers, versions.</summary>
public sealed class PoolCalls
{
    private readonly XenServerClient _client;

    internal PoolCalls(XenServerClient client) => _client = client;

    /// <summary>The pool itself: every pool has exactly one row.</summary>
    public async Task<Pool> GetAsync(CancellationToken cancellation) =>
        await _client.GetAllRecordsAsync("pool.get_all_records", XenJson.Default.Pool, cancellation) is [var pool]
            ? pool
            : throw new XenApiException("pool.get_all_records", XenApiErrors.AnswerLost, [], XenApiErrorKind.Permanent, "The answer is not one pool.");

    /// <summary>The hosts, with IQN and whether each is live.</summary>
    public async Task<IReadOnlyList<Host>> ListHostsAsync(CancellationToken cancellation)
    {
        var hosts = await _client.GetAllRecordsAsync("host.get_all_records", XenJson.Default.Host, cancellation);
        foreach (var host in hosts) host.Live = await IsLiveAsync(host, cancellation);
        return hosts;
    }

    public async Task<XenServerVersion> GetVersionAsync(CancellationToken cancellation)
    {
        var pool = await GetAsync(cancellation);
        var master = await _client.GetRecordAsync("host.get_record", pool.Master, XenJson.Default.Host, cancellation);
        return new(master.ApiVersionMajor, master.ApiVersionMinor,
            master.SoftwareVersion.GetValueOrDefault("product_brand") ?? "", master.SoftwareVersion.GetValueOrDefault("product_version") ?? "");
    }

    /// <summary>The storage drivers that the pool has.</summary>
    public Task<IReadOnlyList<SmDriver>> ListSmDriversAsync(CancellationToken cancellation) =>
        _client.GetAllRecordsAsync("SM.get_all_records", XenJson.Default.SmDriver, cancellation);

    private async Task<bool> IsLiveAsync(Host host, CancellationToken cancellation)
    {
        if (host.Metrics.IsNull) return host.Enabled;
        try
        {
            return (await _client.FindRecordAsync("host_metrics.get_record", host.Metrics, XenJson.Default.HostMetrics, cancellation))?.Live ?? host.Enabled;
        }
        catch (XenApiException fault) when (fault.Code == XenApiErrors.MessageMethodUnknown)
        {
            return host.Enabled;
        }
    }
}
