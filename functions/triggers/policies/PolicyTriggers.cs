using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>/api/policies: the schedules and what they keep.</summary>
public sealed class PolicyTriggers(PolicyLedger policies, SnapshotIndex index, AuditTrail audit, IOptions<CallbackOptions> callbacks, IOptions<QuiescingOptions> quiescing, IOptions<DestinationNames> destinations, IVolumeSelection selection, TimeProvider time)
{
    private const int PreviewOccurrences = 5;

    [Function("ListPolicies")]
    public async Task<IActionResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "policies")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = request;
        var items = new List<PolicyView>();
        foreach (var stored in policies.List()) items.Add(await AskingAsync(stored, client, cancellation));
        return new JsonResult<PolicyList>(200, new PolicyList(items), TriggersJson.Default.PolicyList);
    }

    [Function("GetPolicy")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "policies/{name}")] HttpRequest request, string name, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = request;
        return policies.Find(name) is { } stored ? new JsonResult<PolicyView>(200, await AskingAsync(stored, client, cancellation), TriggersJson.Default.PolicyView) : NotFound(name);
    }

    [Function("PutPolicy")]
    public async Task<IActionResult> PutAsync([HttpTrigger(AuthorizationLevel.Function, "put", Route = "policies/{name}")] HttpRequest request, string name, CancellationToken cancellation)
    {
        try
        {
            var policy = PolicyBody.Parse(PolicyBody.RequireName(name), await request.ReadBodyAsync(cancellation, PolicyBody.BytesMax));
            callbacks.Value.Require(policy.CallbackUrl);
            quiescing.Value.Require(policy.Quiesce);
            destinations.Value.Require(policy.Destination);
            var caller = request.Caller();
            if (policies.Put(policy, caller, ExpectedRevision(request)) is not { } stored)
            {
                return new ProblemResult(412, "policy.changed", $"Policy {name} is at another revision than If-Match says.", "GET it again, and send its revision as If-Match.");
            }

            audit.Add(caller, "policy.put", name, "done", $"revision {stored.Revision}");
            return new JsonResult<PolicyView>(200, View(stored), TriggersJson.Default.PolicyView);
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    [Function("DeletePolicy")]
    public IActionResult Delete([HttpTrigger(AuthorizationLevel.Function, "delete", Route = "policies/{name}")] HttpRequest request, string name)
    {
        if (!policies.Remove(name)) return NotFound(name);
        audit.Add(request.Caller(), "policy.delete", name, "done", "its copies stay until they are deleted by hand");
        return new StatusCodeResult(StatusCodes.Status204NoContent);
    }

    [Function("PreviewPolicy")]
    public async Task<IActionResult> PreviewAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "policies/{name}/preview")] HttpRequest request, string name, CancellationToken cancellation)
    {
        _ = request;
        if (policies.Find(name) is not { } stored) return NotFound(name);
        if (View(stored).Unusable is { } unusable) return new ProblemResult(409, "policy.unusable", unusable, "PUT the policy with a time zone that this machine knows.");
        var now = time.GetUtcNow();
        var schedule = PolicySchedule.Of(stored.Policy);
        var next = new List<DateTimeOffset>();
        for (var at = schedule?.Next(now); at is { } occurrence && next.Count < PreviewOccurrences; at = schedule?.Next(occurrence)) next.Add(occurrence);
        var judged = PolicyCopies.Judge(stored.Policy, index.CopiesOf(name), now).ToList();
        var selected = await selection.FindAsync(stored.Policy.Volumes, cancellation);
        return new JsonResult<PolicyPreview>(200, new PolicyPreview(name, stored.Policy.Volumes, selected.Volumes, selected.Missing, next, judged) { Unresolved = selected.Unresolved }, TriggersJson.Default.PolicyPreview);
    }

    private async Task<PolicyView> AskingAsync(StoredPolicy stored, DurableTaskClient client, CancellationToken cancellation) =>
        View(stored) with { Question = await PolicyRunTriggers.QuestionAsync(stored.Policy.Name, client, cancellation) };

    private PolicyView View(StoredPolicy stored)
    {
        try
        {
            var next = stored.Policy.Enabled ? PolicySchedule.Of(stored.Policy)?.Next(time.GetUtcNow()) : null;
            return new PolicyView(stored.Policy, stored.Revision, stored.UpdatedAt, stored.UpdatedBy, next) { LastAt = stored.LastOccurrence };
        }
        catch (BadRequestException unusable)
        {
            // Another machine knew its time zone: it is shown as what it is, and hides no other.
            return new PolicyView(stored.Policy, stored.Revision, stored.UpdatedAt, stored.UpdatedBy, NextAt: null) { LastAt = stored.LastOccurrence, Unusable = $"{unusable.Message} {unusable.Remedy}" };
        }
    }

    /// <summary>If-Match: a revision; <c>If-None-Match: *</c>: there must be none.</summary>
    private static long? ExpectedRevision(HttpRequest request)
    {
        if (request.Headers.IfNoneMatch.ToString() == "*") return 0;
        var text = request.Headers.IfMatch.ToString().Trim('"');
        if (text.Length == 0 || text == "*") return null;
        return long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var revision)
            ? revision
            : throw new BadRequestException("policy.if-match", "If-Match is no revision of a policy.", "Send the number that GET shows as revision, or leave the header out.");
    }

    internal static ProblemResult NotFound(string name) =>
        new(404, "policy.not-found", $"There is no policy '{(name.Length <= 64 ? name : name[..64])}'.", "GET /api/policies lists what there is.");
}

/// <param name="NextAt">Null while disabled, or when the schedule never comes again.</param>
internal sealed record PolicyView(SnapshotPolicy Policy, long Revision, DateTimeOffset UpdatedAt, string UpdatedBy, DateTimeOffset? NextAt)
{
    /// <summary>The occurrence that was started last.</summary>
    public DateTimeOffset? LastAt { get; init; }

    /// <summary>Why this machine cannot run it; null where it can.</summary>
    public string? Unusable { get; init; }

    /// <summary>What its expiry asks a person; null when it asks nothing.</summary>
    public ExpiryQuestion? Question { get; init; }
}

internal sealed record PolicyList(IReadOnlyList<PolicyView> Items);

/// <summary>What would be taken next, and what the rule says of each copy now.</summary>
/// <param name="Volumes">What it selects now; null where CloudStack could not be asked.</param>
/// <param name="Missing">Ids of the policy that CloudStack does not know any more.</param>
internal sealed record PolicyPreview(
    string Name, PolicyVolumes Takes, IReadOnlyList<SelectedVolume>? Volumes, IReadOnlyList<string>? Missing, IReadOnlyList<DateTimeOffset> NextAt, IReadOnlyList<JudgedVolume> Copies)
{
    /// <summary>Why the volumes are not known.</summary>
    public string? Unresolved { get; init; }
}
