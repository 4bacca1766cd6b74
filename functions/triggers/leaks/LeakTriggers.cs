using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>/api/leaks: what is left over on array, hosts and stores.</summary>
public sealed class LeakTriggers(IdempotencyLedger ledger, UpkeepReports reports)
{
    private const string SweepRoute = "POST /leaks/sweep";
    private static readonly string[] s_sweep = ["dryRun"];

    [Function("GetLeaks")]
    public IActionResult Get([HttpTrigger(AuthorizationLevel.Function, "get", Route = "leaks")] HttpRequest request)
    {
        _ = request;
        var report = reports.Find(LeakReport.Name) is { } json ? JsonSerializer.Deserialize(json, ContractsJson.Default.LeakReport)! : null;
        return new JsonResult<LeakList>(200, new LeakList(report), TriggersJson.Default.LeakList);
    }

    [Function("SweepLeaksNow")]
    public async Task<IActionResult> SweepAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "leaks/sweep")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            var idempotencyKey = request.IdempotencyKey();
            var body = await request.ReadBodyAsync(cancellation);

            // Without a word nothing is removed.
            var dryRun = body.Length == 0 || (BodyReader.Parse(body, s_sweep, read => new Wish(read.Flag("dryRun"))).DryRun ?? true);
            var caller = request.Caller();
            var instance = await client.StartClaimedAsync(ledger, caller, SweepRoute, idempotencyKey, dryRun ? "dry" : "", "SweepLeaks", _ => new SweepLeaksInput(caller, dryRun), cancellation);
            return instance is { } key
                ? new JsonResult<LeakSweep>(202, new LeakSweep(key.Value, dryRun, request.Management(client, key.Value)), TriggersJson.Default.LeakSweep)
                : SnapshotProblems.OtherBody();
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    private sealed record Wish(bool? DryRun);
}

/// <param name="Last">Null before the first sweep.</param>
internal sealed record LeakList(LeakReport? Last);

/// <summary>The answer to a sweep: GET /api/leaks tells what it found once it has ended.</summary>
internal sealed record LeakSweep(string Id, bool DryRun, HttpManagementPayload? Management);
