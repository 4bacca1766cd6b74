using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>What a person tells a policy that works: the answer to what its expiry asks, and that its last runs are to stop.</summary>
public sealed class PolicyRunTriggers(PolicyLedger policies, IdempotencyLedger ledger, AuditTrail audit)
{
    private static readonly string[] s_answer = ["question", "approve"];

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
        if (policies.Find(name) is not { } stored) return PolicyTriggers.NotFound(name);
        var live = await LastRuns.LiveAsync(stored, ledger, client, cancellation);
        if (live.Count == 0) return new ProblemResult(409, "policy.not-running", $"No run of policy '{name}' is under way.", "GET /api/snapshots?policy= shows its snapshots; each has a cancel route of its own.");
        foreach (var run in live)
        {
            await client.RaiseEventAsync(run.Instance.Value, "Cancel", request.Caller(), cancellation);
            audit.Add(request.Caller(), "policy.cancel", name, "done", run.What);
        }

        return new StatusCodeResult(StatusCodes.Status202Accepted);
    }

    /// <summary>What the policy's expiry asks now; null when it asks nothing.</summary>
    internal static async Task<ExpiryQuestion?> QuestionAsync(string policy, DurableTaskClient client, CancellationToken cancellation) =>
        await client.GetInstanceAsync(ExpireSnapshotsInput.InstanceOf(policy).Value, getInputsAndOutputs: true, cancellation) is { IsCompleted: false } instance ? instance.ReadCustomStatusAs<WorkflowStatus>()?.Question : null;

    private static string Shown(string name) => name.Length <= 64 ? name : name[..64];
}
