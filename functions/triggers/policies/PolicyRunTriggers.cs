using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>What a person tells a policy that works: the answer to what its expiry asks, and that its last runs are to stop.</summary>
public sealed class PolicyRunTriggers(PolicyLedger policies, IdempotencyLedger ledger, AuditTrail audit)
{
    private static readonly string[] s_answer = ["question", "approve"];
    private static readonly string[] s_cancel = ["run"];

    [Function("AnswerExpiry")]
    public async Task<IActionResult> AnswerAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "policies/{name}/expiry")] HttpRequest request, string name, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            var body = await request.ReadBodyAsync(cancellation);
            var (id, approve) = BodyReader.Parse(body, s_answer, read => (read.Text("question"), read.Flag("approve")));
            if (id is null || approve is not { } word) throw new BadRequestException("request.value", "'question' or 'approve' is missing.", "Send {\"question\":\"<id>\",\"approve\":true}, with the id that GET /api/policies/{name} shows.");
            var asked = await QuestionAsync(name, client, cancellation);
            if (asked is null && policies.Find(name) is null) return PolicyTriggers.NotFound(name);
            if (asked is not { } question || question.Id != id)
                return new ProblemResult(409, "policy.not-asked", $"Policy '{Shown(name)}' asks no such question.", "GET the policy: its question, where it asks one, has the id to send.");
            await client.RaiseEventAsync(ExpireSnapshotsInput.InstanceOf(name).Value, question.Event, word, cancellation);
            audit.Add(request.Caller(), "policy.expiry", name, word ? "approved" : "refused", $"{question.Going} of {question.Eligible} copies");
            return new StatusCodeResult(StatusCodes.Status202Accepted);
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    [Function("CancelPolicyRun")]
    public async Task<IActionResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "policies/{name}/cancel")] HttpRequest request, string name, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            var stored = policies.Find(name);
            var body = await request.ReadBodyAsync(cancellation);
            var named = body.Length == 0 ? null : BodyReader.Parse(body, s_cancel, read => read.Uuid("run", "request.value", "Give the run's id as the answer to POST /api/policies/{name}/run shows it."));
            var live = RequestKey.TryParse(named, out var run) ? await LastRuns.LiveAsync(name, run, client, cancellation)
                : stored is null ? []
                : await LastRuns.LastAsync(stored, ledger.Of(LastRuns.RouteOf(name)), client, cancellation);

            // A run outlives its policy, and is stopped by its id then.
            if (stored is null && live.Count == 0) return PolicyTriggers.NotFound(name);
            var claim = Claim(request, name, named ?? "", live.Count > 0);
            if (claim is { Outcome: ClaimOutcome.OtherBody }) return SnapshotProblems.OtherBody();
            if (claim is null && live.Count == 0)
                return new ProblemResult(409, "policy.not-running", $"No {(named is null ? "run" : "such run")} of policy '{name}' is under way.", "GET /api/snapshots?policy= shows its snapshots; each has a cancel route of its own.");

            // A request that comes again means the runs that were there when it came first, and not one that has begun since.
            foreach (var meant in live.Where(one => claim is not { Outcome: ClaimOutcome.Repeated } || one.Since <= claim.At))
            {
                await client.RaiseEventAsync(meant.Instance.Value, "Cancel", request.Caller(), cancellation);
                audit.Add(request.Caller(), "policy.cancel", name, "done", meant.What);
            }

            return new StatusCodeResult(StatusCodes.Status202Accepted);
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    /// <summary>What this request was claimed for, now or before; null where it bears no key, or where there is nothing to claim it for. The key may be left out: callers of before had none to send.</summary>
    private RequestClaim? Claim(HttpRequest request, string policy, string body, bool isMeant)
    {
        if (!request.Headers.ContainsKey("Idempotency-Key")) return null;
        var (caller, route, key) = (request.Caller(), $"POST /policies/{policy}/cancel", request.IdempotencyKey());
        return isMeant ? ledger.Claim(caller, route, key, body, new RequestKey(NameUuid.From($"{caller}\n{route}\n{key}").ToString("N"))) : ledger.Find(caller, route, key, body);
    }

    /// <summary>What the policy's expiry asks now; null when it asks nothing.</summary>
    internal static async Task<ExpiryQuestion?> QuestionAsync(string policy, DurableTaskClient client, CancellationToken cancellation) =>
        await client.GetInstanceAsync(ExpireSnapshotsInput.InstanceOf(policy).Value, getInputsAndOutputs: true, cancellation) is { IsCompleted: false } instance ? instance.ReadCustomStatusAs<WorkflowStatus>()?.Question : null;

    private static string Shown(string name) => name.Length <= 64 ? name : name[..64];
}
