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
        var metrics = hosts.All(host => host.Metrics.IsNull) ? [] : await ListMetricsAsync(cancellation);
        foreach (var host in hosts) host.Live = metrics.FirstOrDefault(row => row.Ref == host.Metrics)?.Live ?? host.Enabled;
        return hosts;
    }

    /// <summary>Null when the pool has no host of that uuid. Whether it is live is not asked.</summary>
    public Task<Host?> FindHostAsync(string uuid, CancellationToken cancellation) => _client.FindWhereUuidAsync("host", uuid, XenJson.Default.Host, cancellation);

    public async Task<XenServerVersion> GetVersionAsync(CancellationToken cancellation)
    {
        var pool = await GetAsync(cancellation);
        return XenServerVersion.Of(await _client.GetRecordAsync("host.get_record", pool.Master, XenJson.Default.Host, cancellation));
    }

    /// <summary>The storage drivers that the pool has.</summary>
    public Task<IReadOnlyList<SmDriver>> ListSmDriversAsync(CancellationToken cancellation) =>
        _client.GetAllRecordsAsync("SM.get_all_records", XenJson.Default.SmDriver, cancellation);

    private async Task<IReadOnlyList<HostMetrics>> ListMetricsAsync(CancellationToken cancellation)
    {
        try
        {
            return await _client.GetAllRecordsAsync("host_metrics.get_all_records", XenJson.Default.HostMetrics, cancellation);
        }
        catch (XenApiException fault) when (fault.Code == XenApiErrors.MessageMethodUnknown)
        {
            return [];
        }
    }
}
