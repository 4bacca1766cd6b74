using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>/api/snapshots: validates, stores, starts, answers. Touches no appliance and waits for no completion.</summary>
public sealed class SnapshotTriggers(IdempotencyLedger ledger, SnapshotIndex index, SnapshotReader reader, PolicyLedger policies, AuditTrail audit, IOptions<CallbackOptions> callbacks, IOptions<QuiescingOptions> quiescing)
{
    private const string CreateRoute = "POST /snapshots";
    private const int TopMax = 1000;

    [Function("CreateSnapshot")]
    public async Task<IActionResult> CreateAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "snapshots")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation)
    {
        try
        {
            var idempotencyKey = request.IdempotencyKey();
            var body = SnapshotBody.Parse(await request.ReadBodyAsync(cancellation));
            if ((body.ArraySource is not null || body.SecondaryPath is not null) && !request.IsOperator())
                return new ProblemResult(403, "request.operators-only", "'solidFireVolumeId' and 'secondaryPath' are for operators: they reach beyond one account.", "Name the volume by 'volumeId', and leave 'secondaryPath' out.");

            if (body.Policy is not null && !request.IsOperator())
                return new ProblemResult(403, "request.operators-only", "'policy' is for operators: a policy's rule lets copies go.", "Leave 'policy' out.");
            if (body.Policy is { } policy && policies.Find(policy) is null)
                throw new BadRequestException("policy.not-found", $"There is no policy '{policy}'.", "GET /api/policies lists what there is.");
            callbacks.Value.Require(body.CallbackUrl);
            quiescing.Value.Require(body.Quiesce);

            var caller = request.Caller();
            var proposed = new RequestKey(NameUuid.From($"{caller}\n{CreateRoute}\n{idempotencyKey}").ToString("N"));
            var claim = ledger.Claim(caller, CreateRoute, idempotencyKey, body.Hash(), proposed);
            if (claim.Outcome == ClaimOutcome.OtherBody)
            {
                return SnapshotProblems.OtherBody();
            }

            if (claim.Outcome == ClaimOutcome.New || await reader.FindAsync(claim.Instance, client, cancellation) is null)
            {
                if (!claim.MayLackStart()) throw Starting.Ended(claim);
                await StartAsync(client, claim.Instance, body, caller, request.Accounts(), cancellation);
            }

            var view = await reader.FindAsync(claim.Instance, client, cancellation)
                ?? throw new InvalidOperationException($"Snapshot {claim.Instance.Uuid} was started and cannot be found.");
            var location = $"{request.Path.Value?.TrimEnd('/')}/{view.Id}";
            var accepted = new SnapshotAccepted(view.For(request), view.Id, $"{location}/cancel", request.Management(client, claim.Instance.Value));
            return new JsonResult<SnapshotAccepted>(202, accepted, TriggersJson.Default.SnapshotAccepted, location);
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    [Function("GetSnapshot")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "snapshots/{id}")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation)
    {
        var view = RequestKey.TryParse(id, out var key) ? await reader.FindAsync(key, client, cancellation) : null;
        return view is null || !request.Sees(view)
            ? SnapshotProblems.NotFound(id)
            : new JsonResult<SnapshotView>(200, view.For(request) with { VolumeLastProven = index.LastProvenOf(view.VolumeId, request.Accounts()) }, TriggersJson.Default.SnapshotView);
    }

    [Function("ListSnapshots")]
    public IActionResult List([HttpTrigger(AuthorizationLevel.Function, "get", Route = "snapshots")] HttpRequest request)
    {
        try
        {
            var page = index.List(ListQuery.Parse(request, TopMax) with { Accounts = request.Accounts() });
            if (page.Next is { } next) request.HttpContext.Response.Headers[ListQuery.ContinuationHeader] = ListQuery.Write(next);
            return new JsonResult<SnapshotList>(200, new SnapshotList([.. page.Rows.Select(row => SnapshotView.Of(row).For(request))]), TriggersJson.Default.SnapshotList);
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    [Function("CancelSnapshot")]
    public async Task<IActionResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "snapshots/{id}/cancel")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellation)
    {
        if (!RequestKey.TryParse(id, out var key) || await reader.FindAsync(key, client, cancellation) is not { } view || !request.Sees(view)) return SnapshotProblems.NotFound(id);
        if (view.Ended || view.State is SnapshotState.BackedUp or SnapshotState.Error or SnapshotState.Destroying)
        {
            return new ProblemResult(409, "snapshot.ended", $"Snapshot {view.Id} is {view.State}: there is nothing left to cancel.", "Delete the snapshot if it is not wanted.");
        }

        await client.RaiseEventAsync(key.Value, "Cancel", request.Caller(), cancellation);
        audit.Add(request.Caller(), "snapshot.cancel", view.Id, "done");
        return new JsonResult<SnapshotView>(202, view.For(request), TriggersJson.Default.SnapshotView);
    }

    private static async Task StartAsync(DurableTaskClient client, RequestKey key, SnapshotBody body, string caller, IReadOnlyList<string>? accounts, CancellationToken cancellation)
    {
        var input = new SnapshotVolumeInput
        {
            Key = key,
            VolumeId = body.VolumeId,
            Name = body.Name,
            Quiesce = body.Quiesce,
            Destination = body.Destination,
            Copy = body.Copy,
            Format = body.Format,
            KeepOnPrimary = body.KeepOnPrimary,
            Caller = caller,
            Tags = body.Tags,
            PrimaryOnly = body.PrimaryOnly,
            AdoptSnapshotId = body.AdoptSnapshotId,
            SecondaryPath = body.SecondaryPath,
            ArraySource = body.ArraySource,
            Accounts = accounts,
            CallbackUrl = body.CallbackUrl,
            Policy = body.Policy,
        };
        await client.StartOnceAsync("SnapshotVolume", input, key, cancellation);
    }
}
