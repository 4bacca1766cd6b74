using System.Globalization;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    /// <summary>Takes a snapshot of a volume. Names are not unique: look for one made by an earlier attempt first.</summary>
    /// <param name="retention">How long the cluster keeps it if nobody comes back for it, up to 99:59:59 h; null = until deleted.</param>
    public async Task<ClusterSnapshot> CreateSnapshotAsync(long volumeId, string name, TimeSpan? retention, JsonObject attributes, CancellationToken cancellation)
    {
        var parameters = new JsonObject { ["volumeID"] = volumeId, ["name"] = name, ["attributes"] = attributes.DeepClone() };
        // Retention, not expirationTime: the latter is unreliable before 12.x patch 5, says the vendor's SDK.
        if (retention is { } span) parameters["retention"] = Clock(span);
        var reply = await WriteAsync("CreateSnapshot", parameters, SolidFireJson.Default.SnapshotReply, cancellation);
        if (reply.Snapshot is { } snapshot) return snapshot;
        // Before API 6.0 or so, only the id came back.
        var id = reply.SnapshotId ?? throw new SolidFireOutcomeUnknownException("CreateSnapshot", SolidFireErrors.AnswerLost, "The answer names no snapshot.");
        return await FindSnapshotAsync(volumeId, id, cancellation)
            ?? throw new SolidFireOutcomeUnknownException("CreateSnapshot", SolidFireErrors.AnswerLost, $"Snapshot {id} was made but is not listed.");
    }

    /// <summary>A volume's snapshots; none when the volume is gone.</summary>
    public async Task<IReadOnlyList<ClusterSnapshot>> ListSnapshotsAsync(long volumeId, CancellationToken cancellation)
    {
        try
        {
            var reply = await ReadAsync("ListSnapshots", new() { ["volumeID"] = volumeId }, SolidFireJson.Default.SnapshotsReply, cancellation);
            return [.. reply.Snapshots.Where(snapshot => snapshot.VolumeId == volumeId)];
        }
        catch (SolidFireException fault) when (fault.Kind == SolidFireErrorKind.NotFound)
        {
            // What an unknown volume gives is not documented: an error or an empty list both mean that there is none.
            return [];
        }
    }

    /// <summary>Every snapshot of the cluster.</summary>
    public async Task<IReadOnlyList<ClusterSnapshot>> ListAllSnapshotsAsync(CancellationToken cancellation) =>
        (await ReadAsync("ListSnapshots", [], SolidFireJson.Default.SnapshotsReply, cancellation)).Snapshots;

    /// <summary>A snapshot by its id on its volume; null when there is none.</summary>
    public async Task<ClusterSnapshot?> FindSnapshotAsync(long volumeId, long snapshotId, CancellationToken cancellation) =>
        (await ListSnapshotsAsync(volumeId, cancellation)).FirstOrDefault(snapshot => snapshot.SnapshotId == snapshotId);

    /// <summary>Changes when the cluster lets go of a snapshot; its attributes cannot be changed.</summary>
    /// <param name="expiresAt">Null = until deleted.</param>
    public Task ModifySnapshotAsync(long snapshotId, DateTimeOffset? expiresAt, CancellationToken cancellation) =>
        WriteAsync("ModifySnapshot", new()
        {
            ["snapshotID"] = snapshotId,
            ["expirationTime"] = expiresAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        }, SolidFireJson.Default.JsonElement, cancellation);

    /// <summary>Deletes a snapshot. Already gone is success.</summary>
    public Task DeleteSnapshotAsync(long snapshotId, CancellationToken cancellation) =>
        UnlessGoneAsync(() => WriteAsync("DeleteSnapshot", new() { ["snapshotID"] = snapshotId }, SolidFireJson.Default.JsonElement, cancellation));

    /// <summary>Puts a volume back to one of its snapshots; what was written since is gone unless it is saved. The volume should have no sessions.</summary>
    /// <param name="saveAs">Name of a snapshot to take first; null takes none.</param>
    /// <returns>The snapshot that was taken first, if any.</returns>
    /// <param name="attributes">Of the snapshot that is taken first.</param>
    public async Task<ClusterSnapshot?> RollbackToSnapshotAsync(long volumeId, long snapshotId, string? saveAs, CancellationToken cancellation, JsonObject? attributes = null)
    {
        var parameters = new JsonObject { ["volumeID"] = volumeId, ["snapshotID"] = snapshotId, ["saveCurrentState"] = saveAs is not null };
        if (saveAs is not null) parameters["name"] = saveAs;
        if (attributes is not null) parameters["attributes"] = attributes.DeepClone();
        return (await WriteAsync("RollbackToSnapshot", parameters, SolidFireJson.Default.SnapshotReply, cancellation)).Snapshot;
    }

    private static string Clock(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalHours:00}:{span.Minutes:00}:{span.Seconds:00}");
}
