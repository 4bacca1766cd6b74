using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    /// <summary>Takes snapshots of several volumes at one instant, all or none. Names are not unique: look for one of an earlier attempt first.</summary>
    /// <param name="volumeIds">2 to the cluster's volumesPerGroupSnapshotMax (32) different volumes.</param>
    /// <param name="retention">How long the cluster keeps it if nobody comes back for it; null = until deleted.</param>
    public async Task<GroupSnapshot> CreateGroupSnapshotAsync(IReadOnlyCollection<long> volumeIds, string name, TimeSpan? retention, JsonObject attributes, CancellationToken cancellation)
    {
        var parameters = new JsonObject { ["volumes"] = Ids(volumeIds), ["name"] = name, ["attributes"] = attributes.DeepClone() };
        if (retention is { } span) parameters["retention"] = Clock(span);
        var reply = await WriteAsync("CreateGroupSnapshot", parameters, SolidFireJson.Default.GroupSnapshotReply, cancellation);
        if (reply.Group is { } group) return group;
        // Clusters of 7.x answer with ids only.
        var id = reply.GroupId ?? throw new SolidFireOutcomeUnknownException("CreateGroupSnapshot", SolidFireErrors.AnswerLost, "The answer names no group snapshot.");
        return (await ListGroupSnapshotsAsync(cancellation)).FirstOrDefault(listed => listed.GroupSnapshotId == id)
            ?? throw new SolidFireOutcomeUnknownException("CreateGroupSnapshot", SolidFireErrors.AnswerLost, $"Group snapshot {id} was made but is not listed.");
    }

    /// <summary>Every group snapshot of the cluster.</summary>
    public async Task<IReadOnlyList<GroupSnapshot>> ListGroupSnapshotsAsync(CancellationToken cancellation) =>
        (await ReadAsync("ListGroupSnapshots", [], SolidFireJson.Default.GroupSnapshotsReply, cancellation)).Groups;

    /// <summary>Changes how long the cluster keeps a group snapshot; null keeps it until it is deleted.</summary>
    public Task ModifyGroupSnapshotAsync(long groupSnapshotId, DateTimeOffset? expiresAt, CancellationToken cancellation) => WriteAsync(
        "ModifyGroupSnapshot", new() { ["groupSnapshotID"] = groupSnapshotId, ["expirationTime"] = expiresAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'") }, SolidFireJson.Default.JsonElement, cancellation);

    /// <summary>Deletes a group snapshot. Already gone is success.</summary>
    /// <param name="keepMembers">Whether the volumes' own snapshots stay.</param>
    public Task DeleteGroupSnapshotAsync(long groupSnapshotId, bool keepMembers, CancellationToken cancellation) =>
        UnlessGoneAsync(() => WriteAsync("DeleteGroupSnapshot", new() { ["groupSnapshotID"] = groupSnapshotId, ["saveMembers"] = keepMembers }, SolidFireJson.Default.JsonElement, cancellation));

    /// <summary>Puts every volume of the group back to its snapshot; what was written since is gone unless it is saved.</summary>
    /// <param name="saveAs">Name of a group snapshot to take first; null takes none.</param>
    public Task RollbackToGroupSnapshotAsync(long groupSnapshotId, string? saveAs, CancellationToken cancellation)
    {
        var parameters = new JsonObject { ["groupSnapshotID"] = groupSnapshotId, ["saveCurrentState"] = saveAs is not null };
        if (saveAs is not null) parameters["name"] = saveAs;
        return WriteAsync("RollbackToGroupSnapshot", parameters, SolidFireJson.Default.JsonElement, cancellation);
    }
}
