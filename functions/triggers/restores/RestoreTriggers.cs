using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>POST /api/snapshots/{id}/restore, and how it stands under /api/restores/{id}.</summary>
public sealed class RestoreTriggers(IdempotencyLedger ledger, SnapshotIndex index, AuditTrail audit, WorkInstances instances, IOptions<CallbackOptions> callbacks)
{
    private const string Workflow = "RestoreVolume";

    [Function("RestoreSnapshot")]
    public async Task<IActionResult> CreateAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "snapshots/{id}/restore")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            if (!RequestKey.TryParse(id, out var snapshot) || index.Find(snapshot) is not { } row || !request.Sees(row)) return SnapshotProblems.NotFound(id);
            var idempotencyKey = request.IdempotencyKey();
            var body = RestoreBody.Parse(await request.ReadBodyAsync(cancellation));
            if (body.TargetVolumeId is null && request.Accounts() is not null)
            {
                return new ProblemResult(403, "request.operators-only", "A new volume on the array belongs to no account of CloudStack's.", "Create a volume in CloudStack and name it as 'targetVolumeId', with \"overwrite\": true.");
            }

            callbacks.Value.Require(body.CallbackUrl);
            var caller = request.Caller();
            var route = $"POST /snapshots/{snapshot.Value}/restore";
            var proposed = new RequestKey(NameUuid.From($"{caller}\n{route}\n{idempotencyKey}").ToString("N"));

            // A repeated request is answered whatever has become of the snapshot since.
            if (row.Status.State != SnapshotState.BackedUp && await ViewAsync(proposed, client, cancellation) is null)
                return new ProblemResult(409, "snapshot.not-backed-up", $"Snapshot {row.Key.Uuid} is {row.Status.State}; only a copy on secondary storage can be restored.", "Restore a snapshot that is BackedUp.");
            var claim = ledger.Claim(caller, route, idempotencyKey, body.Hash(), proposed);
            if (claim.Outcome == ClaimOutcome.OtherBody) return SnapshotProblems.OtherBody();
            var input = new RestoreVolumeInput
            {
                Key = claim.Instance, Snapshot = snapshot, TargetVolumeId = body.TargetVolumeId, Name = body.Name, ClusterUuid = body.ClusterUuid, AccountId = body.AccountId, Qos = body.Qos, Host = body.Host, Caller = caller,
                Accounts = request.Accounts(), CallbackUrl = body.CallbackUrl,
            };
            await client.StartClaimedAsync(Workflow, input, claim, cancellation);
            var view = await ViewAsync(claim.Instance, client, cancellation) ?? throw new InvalidOperationException($"Restore {claim.Instance.Uuid} was started and cannot be found.");
            var location = $"/api/restores/{view.Id}";
            return new JsonResult<RestoreAccepted>(
                202, new RestoreAccepted(view.For(request), view.Id, $"{location}/cancel", request.Management(client, claim.Instance.Value)), TriggersJson.Default.RestoreAccepted, location);
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    [Function("GetRestore")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "restores/{id}")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        return RequestKey.TryParse(id, out var key) && await ViewAsync(key, client, cancellation) is { } view && Sees(request, view) ? new JsonResult<RestoreView>(200, view.For(request), TriggersJson.Default.RestoreView) : NotFound(id);
    }

    [Function("CancelRestore")]
    public async Task<IActionResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "restores/{id}/cancel")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        if (!RequestKey.TryParse(id, out var key) || await ViewAsync(key, client, cancellation) is not { } view || !Sees(request, view)) return NotFound(id);
        if (view.Ended || view.Root is not null || view.State == RestoreState.Error)
            return new ProblemResult(409, "restore.ended", $"Restore {view.Id} is {(view.Root is not null && !view.Ended ? "being handed over" : view.State.ToString())}: there is nothing left to cancel.", "Delete the volume if it is not wanted.");
        await client.RaiseEventAsync(key.Value, "Cancel", request.Caller(), cancellation);
        audit.Add(request.Caller(), "restore.cancel", view.Id, "done");
        return new JsonResult<RestoreView>(202, view.For(request), TriggersJson.Default.RestoreView);
    }

    /// <summary>A restore is whose its snapshot is; of one that the catalog lost only those may know who see all.</summary>
    private bool Sees(HttpRequest request, RestoreView view) =>
        request.Accounts() is null || (RequestKey.TryParse(view.SnapshotId, out var snapshot) && index.Find(snapshot) is { } row && request.Sees(row));

    private async Task<RestoreView?> ViewAsync(RequestKey key, DurableTaskClient client, CancellationToken cancellation)
    {
        if (await WorkInstances.FindAsync(client, Workflow, key, cancellation) is not { } instance || instance.ReadInputAs<RestoreVolumeInput>() is not { } input) return null;
        var status = instance.ReadCustomStatusAs<RestoreStatus>() ?? new RestoreStatus { State = RestoreState.Allocated, SnapshotId = input.Snapshot.Uuid };
        if (!status.Ended && instance.IsCompleted)
            status = status with { State = RestoreState.Error, Failure = status.Failure ?? WorkInstances.EndedByEngine(instance, status.Step), Ended = true };
        var view = RestoreView.Of(input, status, instance.CreatedAt);
        return status.Ended ? view : view with { Progress = await instances.ProgressAsync(key, status.Step, cancellation) };
    }

    private static ProblemResult NotFound(string id) =>
        new(404, "restore.not-found", $"There is no restore '{(id.Length <= 64 ? id : id[..64])}'.", "The answer to the request that started it names it; instances are kept for as long as the host's settings say.");
}
