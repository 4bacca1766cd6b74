using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>DELETE /api/snapshots/{id}, and the legal hold that stands against it.</summary>
public sealed class DeletionTriggers(IdempotencyLedger ledger, SnapshotReader reader)
{
    private static readonly OrchestrationRuntimeStatus[] s_live = [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended];
    private static readonly string[] s_hold = ["reason"];

    [Function("DeleteSnapshotCopy")]
    public async Task<IActionResult> DeleteAsync(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = "snapshots/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation)
    {
        bool lost;
        try
        {
            request.RequireKnown("arrayLost");
            lost = request.Flag("arrayLost");
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }

        if (!RequestKey.TryParse(id, out var key)) return SnapshotProblems.NotFound(id);
        if (await reader.FindAsync(key, client, cancellation) is not { } view)
        {
            return await WaitingMembers.GroupOfAsync(key, request, client, cancellation) is { } group
                ? new ProblemResult(409, "snapshot.in-progress", $"Snapshot {key.Uuid} has not begun: it is a member of group {group.Uuid}, which has not ended.", $"POST /api/groups/{group.Uuid}/cancel, or wait for its end.")
                : SnapshotProblems.NotFound(id);
        }

        if (!request.Sees(view)) return SnapshotProblems.NotFound(id);
        if (lost && !request.IsOperator()) return new ProblemResult(403, "request.operators-only", "'arrayLost' is for operators: they know the arrays.", "Leave it out.");
        var instance = DeleteSnapshotInput.InstanceOf(key);
        var deletion = new SnapshotDeletion(view.Id, instance.Value, request.Management(client, instance.Value));
        // One that is Destroyed is looked for again: it is gone, or else goes now. One that is Destroying goes on.
        if (view is { Ended: false, State: not SnapshotState.Destroying }) return new ProblemResult(409, "snapshot.in-progress", $"Snapshot {view.Id} is {view.State} and its workflow has not ended.", $"POST /api/snapshots/{view.Id}/cancel, or wait for its end.");
        if (view.Hold) return new ProblemResult(409, "snapshot.held", $"Snapshot {view.Id} is under legal hold.", $"POST /api/snapshots/{view.Id}/release first, if you may.");
        if (view is { Manifest: null, State: not (SnapshotState.CreatedOnPrimary or SnapshotState.Destroying or SnapshotState.Destroyed) }) return new ProblemResult(409, "snapshot.no-copy", $"Snapshot {view.Id} is {view.State} and has no copy that could be deleted.", "There is nothing to do: what it had made was undone.");
        if (await ReaderOfAsync(key, client, cancellation) is { } needing) return Needed(view.Id, needing);
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                "DeleteSnapshot", new DeleteSnapshotInput(key, request.Caller(), lost ? "asked for: its array is lost" : "asked for") { ArrayLost = lost }, new StartOrchestrationOptions(instance.Value).WithDedupeStatuses(s_live), cancellation);
        }
        catch (OrchestrationAlreadyExistsException)
        {
            // It is being deleted already; that is the answer, but to a word that the deletion under way was not given.
            if (lost && (await client.GetInstanceAsync(instance.Value, getInputsAndOutputs: true, cancellation))?.ReadInputAs<DeleteSnapshotInput>() is not { ArrayLost: true })
            {
                return new ProblemResult(
                    409, "snapshot.deleting", $"Snapshot {view.Id} is being deleted already, by a deletion that does not take its array for lost.",
                    "If it waits for that array: take the array out of the settings and restart. The deletion then ends as array.other-cluster, and this can be asked again.");
            }
        }

        return new JsonResult<SnapshotDeletion>(202, deletion, TriggersJson.Default.SnapshotDeletion, $"{request.Path.Value}");
    }

    private static ProblemResult Needed(string id, OrchestrationMetadata needing)
    {
        var work = RequestKey.TryParse(needing.InstanceId, out var key) ? key.Uuid : needing.InstanceId;
        return needing.Name == RevertTriggers.Workflow
            ? new ProblemResult(409, FaultCodes.BeingReverted, $"A volume is being put back to snapshot {id} by {work}, or about to be.", $"Wait for the revert's end, or POST /api/reverts/{work}/cancel.")
            : new ProblemResult(409, FaultCodes.BeingRestored, $"Snapshot {id} is being restored by {work}, or about to be.", $"Wait for the restore's end, or POST /api/restores/{work}/cancel.");
    }

    /// <summary>The live restore of a copy, or the revert to a snapshot; the deletion itself looks again.</summary>
    private static async Task<OrchestrationMetadata?> ReaderOfAsync(RequestKey snapshot, DurableTaskClient client, CancellationToken cancellation)
    {
        foreach (var needing in (await client.Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, cancellation))?.State?.ReadersOf(snapshot) ?? [])
        {
            if (await client.GetInstanceAsync(needing, cancellation) is { IsCompleted: false } instance) return instance;
        }

        return null;
    }

    [Function("HoldSnapshotCopy")]
    public Task<IActionResult> HoldAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "snapshots/{id}/hold")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation) =>
        SetAsync(request, id, hold: true, client, cancellation);

    [Function("ReleaseSnapshotCopy")]
    public Task<IActionResult> ReleaseAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "snapshots/{id}/release")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation) =>
        SetAsync(request, id, hold: false, client, cancellation);

    private async Task<IActionResult> SetAsync(HttpRequest request, string id, bool hold, DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            if (!RequestKey.TryParse(id, out var key) || await reader.FindAsync(key, client, cancellation) is not { } view || !request.Sees(view)) return SnapshotProblems.NotFound(id);
            var idempotencyKey = request.IdempotencyKey();
            var body = await request.ReadBodyAsync(cancellation);
            var reason = body.Length == 0 ? null : BodyReader.Parse(body, s_hold, read => read.Text("reason"));
            if (view.State != SnapshotState.BackedUp)
            {
                return new ProblemResult(409, "snapshot.not-backed-up", $"Snapshot {view.Id} is {view.State}; only a copy on secondary storage can be held.", "Hold a snapshot that is BackedUp.");
            }

            var caller = request.Caller();
            var route = $"POST /snapshots/{key.Value}/{(hold ? "hold" : "release")}";
            return await client.StartClaimedAsync(ledger, caller, route, idempotencyKey, reason ?? "", "HoldSnapshot", instance => new HoldSnapshotInput(instance, key, hold, caller, reason), cancellation) is { } started
                ? new JsonResult<SnapshotHolding>(202, new SnapshotHolding(view.Id, hold, started.Value, request.Management(client, started.Value)), TriggersJson.Default.SnapshotHolding)
                : SnapshotProblems.OtherBody();
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }
}

/// <summary>The answer to a deletion: GET the snapshot tells when it is Destroyed.</summary>
internal sealed record SnapshotDeletion(string SnapshotId, string Id, HttpManagementPayload? Management);

/// <summary>The answer to a hold or a release: GET the snapshot tells when it stands.</summary>
internal sealed record SnapshotHolding(string SnapshotId, bool Hold, string Id, HttpManagementPayload? Management);
