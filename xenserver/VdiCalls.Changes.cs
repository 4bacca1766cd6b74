using System.Text.Json;

namespace SnapshotWorkflows.XenServer;

/// <summary>Snapshots of disks inside their SR, and what changed between them.</summary>
public sealed partial class VdiCalls
{
    /// <summary>Takes a snapshot of the disk inside its SR. Not idempotent: name it afterwards by a marker, and look for that first.</summary>
    /// <returns>The snapshot's handle.</returns>
    public Task<OpaqueRef> SnapshotAsync(OpaqueRef vdi, CancellationToken cancellation) =>
        _client.CallForRefAsync("VDI.snapshot", CallKind.StorageWrite, [vdi.Value], cancellation);

    /// <summary>Makes a writable copy-on-write twin of the disk inside its SR. Not idempotent.</summary>
    public Task<OpaqueRef> CloneAsync(OpaqueRef vdi, CancellationToken cancellation) =>
        _client.CallForRefAsync("VDI.clone", CallKind.StorageWrite, [vdi.Value], cancellation);

    /// <summary>Grows a disk that nobody uses. The pool rounds the size up to 2 MiB; the same size again is success.</summary>
    public Task ResizeAsync(OpaqueRef vdi, long virtualBytes, CancellationToken cancellation) =>
        _client.CallAsync("VDI.resize", CallKind.StorageWrite, [vdi.Value, virtualBytes], cancellation);

    /// <summary>Drops the disk's row; its data stays. Already gone is success.</summary>
    public Task ForgetAsync(OpaqueRef vdi, CancellationToken cancellation) => _client.RemoveAsync("VDI.forget", CallKind.StorageWrite, [vdi.Value], cancellation);

    /// <summary>Tracks changed blocks from now on; on already is success.</summary>
    public Task EnableChangedBlocksAsync(OpaqueRef vdi, CancellationToken cancellation) =>
        _client.CallAsync("VDI.enable_cbt", CallKind.StorageWrite, [vdi.Value], cancellation);

    /// <summary>Tracks changed blocks no more; off already, or a disk that is gone, is success.</summary>
    public Task DisableChangedBlocksAsync(OpaqueRef vdi, CancellationToken cancellation) =>
        _client.RemoveAsync("VDI.disable_cbt", CallKind.StorageWrite, [vdi.Value], cancellation);

    /// <summary>Frees a snapshot's data and keeps what says which blocks changed. Done already, or a snapshot that is gone, is success.</summary>
    public Task DestroyDataAsync(OpaqueRef snapshot, CancellationToken cancellation) =>
        _client.RemoveAsync("VDI.data_destroy", CallKind.StorageWrite, [snapshot.Value], cancellation);

    /// <summary>The blocks that differ from one snapshot to a later state of the same disk.</summary>
    /// <exception cref="XenApiException"><c>SR_BACKEND_FAILURE_460</c>, kind Permanent: the pool cannot tell; read the disk whole.</exception>
    public async Task<VdiChanges> ListChangedBlocksAsync(OpaqueRef from, OpaqueRef to, CancellationToken cancellation)
    {
        const string Method = "VDI.list_changed_blocks";
        var disk = await GetAsync(to, cancellation);
        var reply = await _client.CallAsync(Method, CallKind.Probe, [from.Value, to.Value], cancellation);
        try
        {
            return VdiChanges.Parse(reply.ValueKind == JsonValueKind.String ? reply.GetString()! : "", disk.VirtualBytes);
        }
        catch (FormatException fault)
        {
            throw new XenApiException(Method, XenApiErrors.AnswerLost, [], XenApiErrorKind.Permanent, "The changed blocks could not be read.", fault);
        }
    }
}
