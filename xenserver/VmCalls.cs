namespace SnapshotWorkflows.XenServer;

/// <summary>Virtual machines and their disks.</summary>
public sealed class VmCalls
{
    /// <summary>What the pool calls the task of a pause.</summary>
    public const string PauseTask = "Async.VM.pause";

    private readonly XenServerClient _client;

    internal VmCalls(XenServerClient client) => _client = client;

    /// <summary>Null when the pool knows no machine of that uuid.</summary>
    public async Task<Vm?> FindAsync(string uuid, CancellationToken cancellation) =>
        await _client.FindByUuidAsync("VM.get_by_uuid", uuid, cancellation) is { } vm ? await FindAsync(vm, cancellation) : null;

    /// <summary>Null when the row is gone.</summary>
    public Task<Vm?> FindAsync(OpaqueRef vm, CancellationToken cancellation) => _client.FindRecordAsync("VM.get_record", vm, XenJson.Default.Vm, cancellation);

    /// <summary>All machines, templates, snapshots and control domains of the pool.</summary>
    public Task<IReadOnlyList<Vm>> ListAsync(CancellationToken cancellation) => _client.GetAllRecordsAsync("VM.get_all_records", XenJson.Default.Vm, cancellation);

    /// <summary>Null when the row is gone.</summary>
    public Task<Vbd?> FindVbdAsync(OpaqueRef vbd, CancellationToken cancellation) => _client.FindRecordAsync("VBD.get_record", vbd, XenJson.Default.Vbd, cancellation);

    /// <summary>The machines' disks, of the whole pool.</summary>
    public Task<IReadOnlyList<Vbd>> ListVbdsAsync(CancellationToken cancellation) => _client.GetAllRecordsAsync("VBD.get_all_records", XenJson.Default.Vbd, cancellation);

    /// <summary>
    /// Begins to stop a running machine where it is; it flushes nothing. Mark it in other_config first, so that whoever comes after knows whose pause it is. A pool holds it up while another operation has the machine,
    /// for hours if need be: only the task's end tells that it came, or will not come.
    /// </summary>
    /// <returns>The task. It fails with <c>VM_BAD_POWER_STATE</c>, kind Conflict, where the machine does not run, or is paused already.</returns>
    public Task<OpaqueRef> StartPauseAsync(OpaqueRef vm, CancellationToken cancellation) => _client.CallForRefAsync(PauseTask, CallKind.Write, [vm.Value], cancellation);

    /// <summary>Lets a paused machine go on; one that runs already is success.</summary>
    /// <exception cref="XenApiException"><c>VM_BAD_POWER_STATE</c>, kind Conflict: it is neither paused nor running.</exception>
    public async Task UnpauseAsync(OpaqueRef vm, CancellationToken cancellation)
    {
        try
        {
            await _client.CallAsync("VM.unpause", CallKind.Write, [vm.Value], cancellation);
        }
        // [vm, expected, actual]
        catch (XenApiException fault) when (fault is { Code: XenApiErrors.VmBadPowerState, Parameters: [_, _, var actual, ..] } && actual.Equals("running", StringComparison.OrdinalIgnoreCase))
        {
            // An earlier attempt, or the watchdog.
        }
    }

    /// <exception cref="XenApiException"><c>MAP_DUPLICATE_KEY</c>, kind Conflict: the key is there.</exception>
    public Task AddToOtherConfigAsync(OpaqueRef vm, string key, string value, CancellationToken cancellation) =>
        _client.CallAsync("VM.add_to_other_config", CallKind.Write, [vm.Value, key, value], cancellation);

    /// <summary>A key that is not there is success.</summary>
    public Task RemoveFromOtherConfigAsync(OpaqueRef vm, string key, CancellationToken cancellation) =>
        _client.CallAsync("VM.remove_from_other_config", CallKind.Write, [vm.Value, key], cancellation);
}
