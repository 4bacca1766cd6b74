using System.Text.Json.Nodes;

namespace SnapshotWorkflows.XenServer;

/// <summary>Hosts' ways to storage repositories.</summary>
public sealed class PbdCalls
{
    private readonly XenServerClient _client;

    internal PbdCalls(XenServerClient client) => _client = client;

    /// <summary>The PBDs of an SR; none when the SR is gone.</summary>
    public Task<IReadOnlyList<Pbd>> ListAsync(OpaqueRef sr, CancellationToken cancellation) => _client.GetRecordsWhereAsync("PBD", "SR", sr.Value, XenJson.Default.Pbd, cancellation);

    /// <summary>All PBDs of the pool.</summary>
    public Task<IReadOnlyList<Pbd>> ListAllAsync(CancellationToken cancellation) => _client.GetAllRecordsAsync("PBD.get_all_records", XenJson.Default.Pbd, cancellation);

    /// <summary>Null when the row is gone.</summary>
    public Task<Pbd?> FindAsync(OpaqueRef pbd, CancellationToken cancellation) => _client.FindRecordAsync("PBD.get_record", pbd, XenJson.Default.Pbd, cancellation);

    /// <summary>Look for one of this host and SR first.</summary>
    /// <exception cref="XenApiException"><c>PBD_EXISTS</c>, kind Conflict; the third parameter is the one there is.</exception>
    public Task<OpaqueRef> CreateAsync(OpaqueRef host, OpaqueRef sr, IReadOnlyDictionary<string, string> deviceConfig, CancellationToken cancellation, IReadOnlyDictionary<string, string>? otherConfig = null)
    {
        foreach (var (key, value) in deviceConfig)
            if (key.EndsWith("password", StringComparison.OrdinalIgnoreCase)) _client.Connection.Conceal(value);
        return _client.CallForRefAsync("PBD.create", CallKind.Write, [new JsonObject
        {
            ["host"] = host.Value,
            ["SR"] = sr.Value,
            ["device_config"] = XenServerClient.Map(deviceConfig),
            ["other_config"] = XenServerClient.Map(otherConfig),
        }], cancellation);
    }

    /// <summary>Attaches the SR to the host. Attached already is success.</summary>
    public Task PlugAsync(OpaqueRef pbd, CancellationToken cancellation) => _client.CallAsync("PBD.plug", CallKind.StorageWrite, [pbd.Value], cancellation);

    /// <summary>Detaches the SR from the host. Detached already, or gone, is success.</summary>
    public Task UnplugAsync(OpaqueRef pbd, CancellationToken cancellation) => _client.RemoveAsync("PBD.unplug", CallKind.StorageWrite, [pbd.Value], cancellation);

    /// <summary>Drops the row of a PBD that is unplugged. Already gone is success.</summary>
    public Task DestroyAsync(OpaqueRef pbd, CancellationToken cancellation) => _client.RemoveAsync("PBD.destroy", CallKind.Write, [pbd.Value], cancellation);
}
