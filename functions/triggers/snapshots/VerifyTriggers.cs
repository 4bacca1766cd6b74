using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>POST /api/snapshots/{id}/verify: reads the copy whole and holds it against its manifest.</summary>
public sealed class VerifyTriggers(IdempotencyLedger ledger, SnapshotReader reader)
{
    private static readonly string[] s_nothing = [];

    [Function("VerifySnapshotCopy")]
    public async Task<IActionResult> VerifyAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "snapshots/{id}/verify")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            if (!RequestKey.TryParse(id, out var key) || await reader.FindAsync(key, client, cancellation) is not { } view || !request.Sees(view)) return SnapshotProblems.NotFound(id);
            var idempotencyKey = request.IdempotencyKey();
            var body = await request.ReadBodyAsync(cancellation);
            if (body.Length > 0) BodyReader.Parse(body, s_nothing, _ => true);
            if (view.State != SnapshotState.BackedUp)
            {
                return new ProblemResult(409, "snapshot.not-backed-up", $"Snapshot {view.Id} is {view.State}; only a copy on secondary storage can be read.", "Verify a snapshot that is BackedUp.");
            }

            var caller = request.Caller();
            var instance = await client.StartClaimedAsync(ledger, caller, $"POST /snapshots/{key.Value}/verify", idempotencyKey, "", "VerifySnapshot", _ => new VerifySnapshotInput(key, caller), cancellation);
            return instance is { } started
                ? new JsonResult<SnapshotVerifying>(202, new SnapshotVerifying(view.Id, started.Value, request.Management(client, started.Value)), TriggersJson.Default.SnapshotVerifying)
                : SnapshotProblems.OtherBody();
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }
}

/// <summary>The answer to a verification: GET the snapshot tells lastProven, or damagedAt.</summary>
internal sealed record SnapshotVerifying(string SnapshotId, string Id, HttpManagementPayload? Management);
