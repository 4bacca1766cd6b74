using System.Text.Json;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    /// <summary>Starts a clone. Record the answer's <see cref="CloneStarted.VolumeId"/> before waiting.</summary>
    public Task<CloneStarted> CloneVolumeAsync(CloneVolumeRequest clone, CancellationToken cancellation)
    {
        var parameters = new JsonObject { ["volumeID"] = clone.VolumeId, ["name"] = clone.Name, ["attributes"] = clone.Attributes.DeepClone() };
        if (clone.SnapshotId is { } snapshot) parameters["snapshotID"] = snapshot;
        if (clone.NewAccountId is { } account) parameters["newAccountID"] = account;
        if (clone.Access is { } access) parameters["access"] = access;
        return WriteAsync("CloneVolume", parameters, SolidFireJson.Default.CloneStarted, cancellation);
    }

    /// <summary>Starts clones of several volumes, all or none. Record the answer's volume ids before waiting.</summary>
    /// <param name="groupSnapshotId">The group snapshot to clone; null clones the volumes as they are now.</param>
    public Task<GroupCloneStarted> CloneMultipleVolumesAsync(IReadOnlyCollection<CloneVolumeRequest> clones, long? groupSnapshotId, CancellationToken cancellation)
    {
        var volumes = clones.Select(clone =>
        {
            var member = new JsonObject { ["volumeID"] = clone.VolumeId, ["name"] = clone.Name, ["attributes"] = clone.Attributes.DeepClone() };
            if (clone.NewAccountId is { } account) member["newAccountID"] = account;
            if (clone.Access is { } access) member["access"] = access;
            return member;
        });
        var parameters = new JsonObject { ["volumes"] = new JsonArray([.. volumes]) };
        if (groupSnapshotId is { } group) parameters["groupSnapshotID"] = group;
        return WriteAsync("CloneMultipleVolumes", parameters, SolidFireJson.Default.GroupCloneStarted, cancellation);
    }

    /// <summary>
    /// Starts replacing a volume's content by another's, or by that of another's snapshot. The target keeps its name, IQN, size and groups;
    /// what is written to it meanwhile is lost, so nobody should be logged in.
    /// </summary>
    /// <returns>A start whose volume is the target.</returns>
    public async Task<CloneStarted> CopyVolumeAsync(long volumeId, long targetVolumeId, long? snapshotId, CancellationToken cancellation)
    {
        var parameters = new JsonObject { ["volumeID"] = volumeId, ["dstVolumeID"] = targetVolumeId };
        if (snapshotId is { } snapshot) parameters["snapshotID"] = snapshot;
        var reply = await WriteAsync("CopyVolume", parameters, SolidFireJson.Default.CopyStarted, cancellation);
        return new CloneStarted { VolumeId = targetVolumeId, AsyncHandle = reply.AsyncHandle, CloneId = reply.CloneId };
    }

    /// <summary>Ends a clone or a copy under way; the half-made volume goes. One that has ended already is left as it is.</summary>
    public Task CancelCloneAsync(long cloneId, CancellationToken cancellation) =>
        UnlessGoneAsync(() => WriteAsync("CancelClone", new() { ["cloneID"] = cloneId }, SolidFireJson.Default.JsonElement, cancellation));

    /// <summary>Ends the clones of a group that are under way; the half-made volumes go. Those that have ended already are left as they are.</summary>
    public Task CancelGroupCloneAsync(long groupCloneId, CancellationToken cancellation) =>
        UnlessGoneAsync(() => WriteAsync("CancelGroupClone", new() { ["groupCloneID"] = groupCloneId }, SolidFireJson.Default.JsonElement, cancellation));

    /// <summary>How a job stands. The result is kept on the cluster, so asking twice is safe; it vanishes by itself after a while.</summary>
    public async Task<AsyncResult> GetAsyncResultAsync(long asyncHandle, CancellationToken cancellation)
    {
        JsonElement reply;
        try
        {
            reply = await ReadAsync("GetAsyncResult", new() { ["asyncHandle"] = asyncHandle, ["keepResult"] = true }, SolidFireJson.Default.JsonElement, cancellation);
        }
        catch (SolidFireException fault) when (fault.ErrorName is SolidFireErrors.AsyncHandleDoesNotExist or SolidFireErrors.DbNoSuchPath)
        {
            return new() { AsyncHandle = asyncHandle, State = AsyncState.UnknownHandle };
        }
        var inner = Member(reply, "result");
        // There is no status "error": a failed job is complete and carries an error.
        var error = Member(reply, "error") ?? (inner is { } nested ? Member(nested, "error") : null);
        var result = new AsyncResult
        {
            AsyncHandle = asyncHandle,
            ResultType = Text(reply, "resultType"),
            Detail = inner ?? Member(reply, "details"),
            State = Text(reply, "status") switch
            {
                "running" => AsyncState.Running,
                "complete" => error is null ? AsyncState.Succeeded : AsyncState.Failed,
                var other => throw new SolidFireException("GetAsyncResult", SolidFireErrors.AnswerLost, SolidFireErrorKind.Rejected, $"Job {asyncHandle} has the unknown status '{other}'."),
            },
        };
        return error is { } failure && result.State == AsyncState.Failed
            ? result with { ErrorName = Text(failure, "name") ?? "unnamed", ErrorMessage = Text(failure, "message") ?? "no message" }
            : result;
    }

    public async Task<IReadOnlyList<AsyncResultEntry>> ListAsyncResultsAsync(CancellationToken cancellation) =>
        (await ReadAsync("ListAsyncResults", [], SolidFireJson.Default.AsyncEntriesReply, cancellation)).AsyncHandles;

    public async Task<IReadOnlyList<SyncJob>> ListSyncJobsAsync(CancellationToken cancellation) =>
        (await ReadAsync("ListSyncJobs", [], SolidFireJson.Default.SyncJobsReply, cancellation)).SyncJobs;

    private static JsonElement? Member(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;
}
