using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    private const int PageVolumes = 10_000;

    /// <summary>All volumes that pass the filter. A clone that is still being made is usually not among them.</summary>
    public async Task<IReadOnlyList<Volume>> ListVolumesAsync(VolumeFilter filter, CancellationToken cancellation)
    {
        var volumes = new List<Volume>();
        long? start = null;
        while (true)
        {
            var parameters = new JsonObject { ["includeVirtualVolumes"] = false };
            if (filter.VolumeIds is { } ids) parameters["volumeIDs"] = Ids(ids);
            if (filter.AccountIds is { } accounts) parameters["accounts"] = Ids(accounts);
            if (filter.Name is { } name) parameters["volumeName"] = name;
            if (filter.Status is { } status) parameters["volumeStatus"] = status;
            // Volume ids and a start exclude each other; a list of ids is never longer than a page.
            if (filter.VolumeIds is null) parameters["limit"] = PageVolumes;
            if (start is { } first) parameters["startVolumeID"] = first;
            var page = (await ReadAsync("ListVolumes", parameters, SolidFireJson.Default.VolumesReply, cancellation)).Volumes;
            volumes.AddRange(page);
            if (filter.VolumeIds is not null || page.Count < PageVolumes) return volumes;
            start = page.Max(volume => volume.VolumeId) + 1;
        }
    }

    /// <summary>A volume by its id, active or deleted-not-purged; null when there is none, or when it is a clone that is not visible yet.</summary>
    /// <exception cref="SolidFireException"><see cref="SolidFireErrors.WrongObject"/>: the cluster answered with another volume.</exception>
    public async Task<Volume?> FindVolumeAsync(long volumeId, CancellationToken cancellation)
    {
        IReadOnlyList<Volume> volumes;
        try
        {
            volumes = await ListVolumesAsync(new() { VolumeIds = [volumeId] }, cancellation);
        }
        catch (SolidFireException fault) when (fault.Kind == SolidFireErrorKind.NotFound)
        {
            return null;
        }
        // A known driver took the first of the list unseen and worked on somebody else's volume.
        if (volumes.FirstOrDefault(volume => volume.VolumeId != volumeId) is { } stranger)
            throw new SolidFireException("ListVolumes", SolidFireErrors.WrongObject, SolidFireErrorKind.Rejected, $"Asked for volume {volumeId}, the cluster answered with {stranger.VolumeId}.");
        return volumes.Count == 0 ? null : volumes[0];
    }

    public async Task<IReadOnlyList<Volume>> ListDeletedVolumesAsync(CancellationToken cancellation) =>
        (await ReadAsync("ListDeletedVolumes", new() { ["includeVirtualVolumes"] = false }, SolidFireJson.Default.VolumesReply, cancellation)).Volumes;

    /// <summary>Creates an empty volume. Names are not unique, so look for one made by an earlier attempt first.</summary>
    /// <param name="totalBytes">Rounded up to 1 MiB by the cluster.</param>
    /// <returns>The new volume's id.</returns>
    public async Task<long> CreateVolumeAsync(string name, long accountId, long totalBytes, bool enable512e, JsonObject attributes, VolumeQos? qos, CancellationToken cancellation)
    {
        var parameters = new JsonObject
        {
            ["name"] = name,
            ["accountID"] = accountId,
            ["totalSize"] = totalBytes,
            ["enable512e"] = enable512e,
            ["attributes"] = attributes.DeepClone(),
        };
        if (qos is not null) parameters["qos"] = Wire(qos);
        var reply = await WriteAsync("CreateVolume", parameters, SolidFireJson.Default.VolumeReply, cancellation);
        return reply.VolumeId ?? reply.Volume?.VolumeId ?? throw new SolidFireOutcomeUnknownException("CreateVolume", SolidFireErrors.AnswerLost, "The answer names no volume.");
    }

    public async Task ModifyVolumeAsync(long volumeId, VolumeChanges changes, CancellationToken cancellation)
    {
        var parameters = new JsonObject { ["volumeID"] = volumeId };
        if (changes.Qos is { } qos) parameters["qos"] = Wire(qos);
        if (changes.LeavesQosPolicy) parameters["associateWithQoSPolicy"] = false;
        if (changes.Attributes is { } attributes) parameters["attributes"] = attributes.DeepClone();
        if (changes.TotalBytes is { } bytes) parameters["totalSize"] = bytes;
        if (changes.Access is { } access) parameters["access"] = access;
        await WriteAsync("ModifyVolume", parameters, SolidFireJson.Default.JsonElement, cancellation);
    }

    /// <summary>Deletes a volume; the cluster keeps it recoverable for 8 hours [vendor's documentation] unless purged. Already gone is success.</summary>
    /// <param name="volumeId">A volume that is proven to be ours and without sessions: this call ends them.</param>
    public Task DeleteVolumeAsync(long volumeId, CancellationToken cancellation) =>
        UnlessGoneAsync(() => WriteAsync("DeleteVolume", new() { ["volumeID"] = volumeId }, SolidFireJson.Default.JsonElement, cancellation));

    /// <summary>Ends the way back from a deleted volume. Already purged is success; a volume that is not deleted is an error.</summary>
    public async Task PurgeDeletedVolumeAsync(long volumeId, CancellationToken cancellation)
    {
        try
        {
            await WriteAsync("PurgeDeletedVolume", new() { ["volumeID"] = volumeId }, SolidFireJson.Default.JsonElement, cancellation);
        }
        catch (SolidFireException fault) when (fault.Kind == SolidFireErrorKind.NotFound)
        {
            // Which error a volume that is active gives is not documented; it must not pass for "already purged".
            if (await FindVolumeAsync(volumeId, cancellation) is { IsDeleted: false })
                throw new SolidFireException("PurgeDeletedVolume", fault.ErrorName, SolidFireErrorKind.Conflict, $"Volume {volumeId} is not deleted, so it is not purged.", fault);
        }
    }

    /// <summary>Deletes up to 500 volumes at once, all or none: one that is not there refuses the others too.</summary>
    public Task DeleteVolumesAsync(IReadOnlyCollection<long> volumeIds, CancellationToken cancellation) =>
        WriteAsync("DeleteVolumes", new() { ["volumeIDs"] = Ids(volumeIds) }, SolidFireJson.Default.JsonElement, cancellation);

    /// <summary>Purges up to 500 deleted volumes at once, all or none.</summary>
    /// <remarks>Large clusters answer <c>xDBConnectionLoss</c> to many at once: take fewer at a time.</remarks>
    public Task PurgeDeletedVolumesAsync(IReadOnlyCollection<long> volumeIds, CancellationToken cancellation) =>
        WriteAsync("PurgeDeletedVolumes", new() { ["volumeIDs"] = Ids(volumeIds) }, SolidFireJson.Default.JsonElement, cancellation);

    public Task RestoreDeletedVolumeAsync(long volumeId, CancellationToken cancellation) =>
        WriteAsync("RestoreDeletedVolume", new() { ["volumeID"] = volumeId }, SolidFireJson.Default.JsonElement, cancellation);

    private static async Task UnlessGoneAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (SolidFireException fault) when (fault.Kind == SolidFireErrorKind.NotFound)
        {
            // Already gone is what was asked for: an earlier attempt may have done it and lost the answer.
        }
    }

    private static JsonObject Wire(VolumeQos qos)
    {
        var wire = new JsonObject();
        if (qos.MinIops is { } min) wire["minIOPS"] = min;
        if (qos.MaxIops is { } max) wire["maxIOPS"] = max;
        if (qos.BurstIops is { } burst) wire["burstIOPS"] = burst;
        return wire;
    }
}
