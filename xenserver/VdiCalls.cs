using System.Text.Json.Nodes;

namespace SnapshotWorkflows.XenServer;

/// <summary>A disk to be made. The pool rounds the size up to 2 MiB.</summary>
public sealed record NewVdi
{
    public required OpaqueRef Sr { get; init; }

    public required string NameLabel { get; init; }

    public string NameDescription { get; init; } = "";

    public required long VirtualBytes { get; init; }

    public IReadOnlyDictionary<string, string>? OtherConfig { get; init; }

    public IReadOnlyDictionary<string, string>? SmConfig { get; init; }
}

/// <summary>Virtual disks.</summary>
public sealed partial class VdiCalls
{
    private readonly XenServerClient _client;

    internal VdiCalls(XenServerClient client) => _client = client;

    /// <summary>Null when the pool knows no disk of that uuid.</summary>
    public Task<Vdi?> FindAsync(string uuid, CancellationToken cancellation) => _client.FindWhereUuidAsync("VDI", uuid, XenJson.Default.Vdi, cancellation);

    /// <summary>Null when the row is gone.</summary>
    public Task<Vdi?> FindAsync(OpaqueRef vdi, CancellationToken cancellation) => _client.FindRecordAsync("VDI.get_record", vdi, XenJson.Default.Vdi, cancellation);

    /// <exception cref="XenApiException">Kind NotFound: the row is gone.</exception>
    public Task<Vdi> GetAsync(OpaqueRef vdi, CancellationToken cancellation) => _client.GetRecordAsync("VDI.get_record", vdi, XenJson.Default.Vdi, cancellation);

    /// <summary>The disks of an SR, hidden parents and snapshots among them; none when the SR is gone.</summary>
    public Task<IReadOnlyList<Vdi>> ListAsync(OpaqueRef sr, CancellationToken cancellation) => _client.GetRecordsWhereAsync("VDI", "SR", sr.Value, XenJson.Default.Vdi, cancellation);

    /// <summary>All disks of the pool.</summary>
    public Task<IReadOnlyList<Vdi>> ListAllAsync(CancellationToken cancellation) => _client.GetAllRecordsAsync("VDI.get_all_records", XenJson.Default.Vdi, cancellation);

    public Task<OpaqueRef> CreateAsync(NewVdi vdi, CancellationToken cancellation) => _client.CallForRefAsync("VDI.create", CallKind.StorageWrite, [new JsonObject
    {
        ["name_label"] = vdi.NameLabel,
        ["name_description"] = vdi.NameDescription,
        ["SR"] = vdi.Sr.Value,
        ["virtual_size"] = vdi.VirtualBytes,
        ["type"] = "user",
        ["sharable"] = false,
        ["read_only"] = false,
        ["other_config"] = XenServerClient.Map(vdi.OtherConfig),
        ["xenstore_data"] = new JsonObject(),
        ["sm_config"] = XenServerClient.Map(vdi.SmConfig),
        ["tags"] = new JsonArray(),
    }], cancellation);

    /// <summary>Destroys a disk and its data. Already gone is success.</summary>
    public Task DestroyAsync(OpaqueRef vdi, CancellationToken cancellation) => _client.RemoveAsync("VDI.destroy", CallKind.StorageWrite, [vdi.Value], cancellation);

    /// <summary>Starts a copy into a disk that was just created and holds nothing.</summary>
    /// <param name="sr">The SR of <paramref name="into"/>.</param>
    /// <param name="into">Never one that an earlier copy wrote to: blocks that are zero in the source are not written, so old ones would stay.</param>
    /// <returns>The task.</returns>
    public Task<OpaqueRef> StartCopyAsync(OpaqueRef vdi, OpaqueRef sr, OpaqueRef into, CancellationToken cancellation) =>
        _client.CallForRefAsync("Async.VDI.copy", CallKind.Write, [vdi.Value, sr.Value, OpaqueRef.Null.Value, into.Value], cancellation);

    /// <exception cref="XenApiException"><c>MAP_DUPLICATE_KEY</c>, kind Conflict: the key is there.</exception>
    public Task AddToOtherConfigAsync(OpaqueRef vdi, string key, string value, CancellationToken cancellation) =>
        _client.CallAsync("VDI.add_to_other_config", CallKind.Write, [vdi.Value, key, value], cancellation);

    /// <summary>A key that is not there is success.</summary>
    public Task RemoveFromOtherConfigAsync(OpaqueRef vdi, string key, CancellationToken cancellation) =>
        _client.CallAsync("VDI.remove_from_other_config", CallKind.Write, [vdi.Value, key], cancellation);
}
