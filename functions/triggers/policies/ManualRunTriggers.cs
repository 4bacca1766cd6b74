using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>
/// POST /api/policies/{name}/run, and how any run stands. A run that is asked for is claimed by its request and not by its time: it neither does an occurrence of the schedule nor keeps one from
/// coming. Its copies are the policy's like all others.
/// </summary>
public sealed class ManualRunTriggers(PolicyLedger policies, IdempotencyLedger ledger, AuditTrail audit, TimeProvider time)
{
    private static readonly string[] s_run = ["alongside"];

    [Function("RunPolicyNow")]
    public async Task<IActionResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "policies/{name}/run")] HttpRequest request, string name, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            var stored = policies.Find(name);
            var idempotencyKey = request.IdempotencyKey();
            var body = await request.ReadBodyAsync(cancellation);
            var alongside = body.Length > 0 && BodyReader.Parse(body, s_run, read => read.Flag("alongside") ?? false);
            var caller = request.Caller();
            var route = LastRuns.RouteOf(name);
            var proposed = new RequestKey(NameUuid.From($"{caller}\n{route}\n{idempotencyKey}").ToString("N"));

            // A repeated request is answered whatever has become of the policy since.
            var isThere = await ViewAsync(name, proposed, client, cancellation) is not null;
            var meaning = alongside ? "alongside" : "";
            RequestClaim? claim = null;
            while (claim is null)
            {
                var others = ledger.Of(route);
                if (!isThere && (stored is null ? PolicyTriggers.NotFound(name) : await RefusalAsync(stored, proposed, alongside, others, client, cancellation)) is { } refusal) return refusal;

                // Of several at once each sees no other: only one of them claims, and the rest look again.
                claim = ledger.ClaimUnlessOthers(caller, route, idempotencyKey, meaning, proposed, alongside ? null : [.. others.Select(other => other.Instance)]);
            }

            if (claim.Outcome == ClaimOutcome.OtherBody) return SnapshotProblems.OtherBody();

            // Before the start, so that a death between the two leaves a line too many and not one too few.
            if (!isThere && claim.MayLackStart()) audit.Add(caller, "policy.run", name, "begun", $"by hand: run {claim.Instance.Uuid}");
            if (!isThere) await client.StartClaimedAsync(LastRuns.Workflow, new PolicyOccurrence(stored!.Policy, time.GetUtcNow(), Missed: 0) { ByHand = new ManualRun(claim.Instance, caller) }, claim, cancellation);
            var view = await ViewAsync(name, claim.Instance, client, cancellation) ?? throw new InvalidOperationException($"Run {claim.Instance.Uuid} of policy {name} was started and cannot be found.");
            return new JsonResult<PolicyRunAccepted>(
                202, new PolicyRunAccepted(view, view.Id, $"/api/policies/{name}/cancel", request.Management(client, claim.Instance.Value)), TriggersJson.Default.PolicyRunAccepted, $"/api/policies/{name}/runs/{view.Id}");
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    [Function("GetPolicyRun")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "policies/{name}/runs/{id}")] HttpRequest request, string name, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        return RequestKey.TryParse(id, out var key) && await ViewAsync(name, key, client, cancellation) is { } view
            ? new JsonResult<PolicyRunView>(200, view.For(request), TriggersJson.Default.PolicyRunView)
            : new ProblemResult(
                404, "policy.run-not-found", $"Policy '{Shown(name)}' has no run '{Shown(id)}'.", "The answer to the request that started it names it, and so does its callback; instances are kept for as long as the host's settings say.");
    }

    /// <summary>As the schedule's own occurrences: a disabled policy takes nothing, and everything that is paused only waits. An earlier run that has not ended is another matter: nobody waits for an occurrence.</summary>
    private async Task<ProblemResult?> RefusalAsync(StoredPolicy stored, RequestKey own, bool alongside, IReadOnlyList<RequestClaim> claims, DurableTaskClient client, CancellationToken cancellation)
    {
        var name = stored.Policy.Name;
        if (!stored.Policy.Enabled) return new ProblemResult(409, "policy.disabled", $"Policy '{name}' is disabled: it neither takes nor lets go.", "PUT it with \"enabled\": true.");
        if (stored.Policy.Schedule.Length == 0)
            return new ProblemResult(409, "policy.follows-only", $"Policy '{name}' has no schedule: it copies what CloudStack takes, and takes nothing itself.", "Take a snapshot in CloudStack, or PUT the policy with a schedule.");
        try
        {
            _ = PolicySchedule.Of(stored.Policy);
        }
        catch (BadRequestException unusable)
        {
            return new ProblemResult(409, "policy.unusable", $"{unusable.Message} {unusable.Remedy}", "PUT the policy with a time zone that this machine knows.");
        }

        var live = alongside ? [] : await LastRuns.LiveAsync(stored, claims, client, cancellation);
        return live.FirstOrDefault(run => run.Instance != own) is { } earlier
            ? new ProblemResult(
                409, "policy.running", $"An earlier run of policy '{name}' has not ended: {earlier.What}.",
                $"GET /api/policies/{name}/runs/{earlier.Instance.Uuid} shows it. Wait for it, POST /api/policies/{name}/cancel, or send \"alongside\": true: volumes whose snapshot is unfinished are left out then.")
            : null;
    }

    private static async Task<PolicyRunView?> ViewAsync(string policy, RequestKey key, DurableTaskClient client, CancellationToken cancellation) =>
        await WorkInstances.FindAsync(client, LastRuns.Workflow, key, cancellation) is { } instance ? PolicyRunView.Of(policy, instance) : null;

    private static string Shown(string name) => name.Length <= 64 ? name : name[..64];
}
