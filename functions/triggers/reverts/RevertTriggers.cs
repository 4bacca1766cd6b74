using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>POST /api/snapshots/{id}/revert, and how it stands under /api/reverts/{id}.</summary>
public sealed class RevertTriggers(IdempotencyLedger ledger, SnapshotIndex index, AuditTrail audit)
{
    internal const string Workflow = "RevertVolume";
    private static readonly string[] s_known = [];

    [Function("RevertSnapshot")]
    public async Task<IActionResult> CreateAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "snapshots/{id}/revert")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            if (!RequestKey.TryParse(id, out var snapshot) || index.Find(snapshot) is not { } row) return SnapshotProblems.NotFound(id);
            var idempotencyKey = request.IdempotencyKey();
            var body = await request.ReadBodyAsync(cancellation);
            if (body.Length > 0) BodyReader.Parse(body, s_known, _ => true);
            var caller = request.Caller();
            var route = $"POST /snapshots/{snapshot.Value}/revert";
            var proposed = new RequestKey(NameUuid.From($"{caller}\n{route}\n{idempotencyKey}").ToString("N"));
            if (row.Primary is null && row.AdoptedSnapshotId is null && await ViewAsync(proposed, client, cancellation) is null)
                return new ProblemResult(409, "revert.not-on-primary", $"Snapshot {row.Key.Uuid} is not on primary storage.", $"POST /api/snapshots/{row.Key.Uuid}/restore brings its copy back, into a new volume or a detached one.");
            var claim = ledger.Claim(caller, route, idempotencyKey, "", proposed);
            await client.StartClaimedAsync(Workflow, new RevertVolumeInput(claim.Instance, snapshot, caller), claim, cancellation);
            var view = await ViewAsync(claim.Instance, client, cancellation) ?? throw new InvalidOperationException($"Revert {claim.Instance.Uuid} was started and cannot be found.");
            var location = $"/api/reverts/{view.Id}";
            return new JsonResult<RevertAccepted>(202, new RevertAccepted(view, view.Id, $"{location}/cancel", client.CreateHttpManagementPayload(claim.Instance.Value)), TriggersJson.Default.RevertAccepted, location);
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    [Function("GetRevert")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "reverts/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        return RequestKey.TryParse(id, out var key) && await ViewAsync(key, client, cancellation) is { } view ? new JsonResult<RevertView>(200, view.For(request), TriggersJson.Default.RevertView) : NotFound(id);
    }

    [Function("CancelRevert")]
    public async Task<IActionResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "reverts/{id}/cancel")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        if (!RequestKey.TryParse(id, out var key) || await ViewAsync(key, client, cancellation) is not { } view) return NotFound(id);
        if (view.Ended || view.State == RevertState.Error) return new ProblemResult(409, "revert.ended", $"Revert {view.Id} is {view.State}: there is nothing left to cancel.", "Put the volume back to the saved snapshot if that is what you want.");
        if (view.Asked)
        {
            return new ProblemResult(
                409, "revert.asked", $"Revert {view.Id} has asked for the volume to be put back, or is asking now: it ends when it is known what came of it.",
                "Look at it again: where it could not ask it waits, with asked false, and can be cancelled. Where it has ended the saved snapshot is the way back.");
        }

        await client.RaiseEventAsync(key.Value, "Cancel", request.Caller(), cancellation);
        audit.Add(request.Caller(), "revert.cancel", view.Id, "done");
        return new JsonResult<RevertView>(202, view, TriggersJson.Default.RevertView);
    }

    private static async Task<RevertView?> ViewAsync(RequestKey key, DurableTaskClient client, CancellationToken cancellation)
    {
        if (await WorkInstances.FindAsync(client, Workflow, key, cancellation) is not { } instance || instance.ReadInputAs<RevertVolumeInput>() is not { } input) return null;
        var status = instance.ReadCustomStatusAs<RevertStatus>() ?? new RevertStatus { State = RevertState.Allocated, SnapshotId = input.Snapshot.Uuid };
        if (!status.Ended && instance.IsCompleted) status = status with { State = RevertState.Error, Failure = status.Failure ?? WorkInstances.EndedByEngine(instance, status.Step), Ended = true };
        return new RevertView(input.Key.Uuid, status.SnapshotId, status.State, status.Step, status.Waiting, status.Volume, instance.CreatedAt, status.Asked, status.Failure, status.Ended);
    }

    private static ProblemResult NotFound(string id) =>
        new(404, "revert.not-found", $"There is no revert '{(id.Length <= 64 ? id : id[..64])}'.", "The answer to the request that started it names it.");
}

/// <summary>A revert as the API shows it.</summary>
internal sealed record RevertView(
    string Id, string SnapshotId, RevertState State, string? Step, StepNotice? Waiting, RevertedVolume? Volume, DateTimeOffset CreatedAt, bool Asked, StepNotice? Failure, bool Ended)
{
    /// <summary>What the caller may see of it.</summary>
    public RevertView For(HttpRequest request) => request.IsOperator() ? this : this with { Waiting = Waiting.Public(), Failure = Failure.Public() };
}

/// <summary>The answer to a start.</summary>
internal sealed record RevertAccepted(RevertView Revert, string Id, string CancelUri, HttpManagementPayload? Management);
