namespace SnapshotWorkflows.XenServer;

/// <summary>Virtual machines and their disks, for reading.</summary>
public sealed class VmCalls
{
    private readonly XenServerClient _client;

    internal VmCalls(XenServerClient client) => _client = client;

    /// <summary>Null when the pool knows no machine of that uuid.</summary>
    public async Task<Vm?> FindAsync(string uuid, CancellationToken cancellation) =>
        await _client.FindByUuidAsync("VM.get_by_uuid", uuid, cancellation) is { } vm ? await FindAsync(vm, cancellation) : null;

    /// <summary>Null when the row is gone.</summary>
    public Task<Vm?> FindAsync(OpaqueRef vm, CancellationToken cancellation) => _client.FindRecordAsync("VM.get_record", vm, XenJson.Default.Vm, cancellation);

    /// <summary>Null when the row is gone.</summary>
    public Task<Vbd?> FindVbdAsync(OpaqueRef vbd, CancellationToken cancellation) => _client.FindRecordAsync("VBD.get_record", vbd, XenJson.Default.Vbd, cancellation);
}
