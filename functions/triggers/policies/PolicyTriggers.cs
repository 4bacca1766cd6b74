using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>/api/policies: the schedules and what they keep.</summary>
public sealed class PolicyTriggers(PolicyLedger policies, SnapshotIndex index, AuditTrail audit, TimeProvider time)
{
    private const int PreviewOccurrences = 5;

    [Function("ListPolicies")]
    public IActionResult List([HttpTrigger(AuthorizationLevel.Function, "get", Route = "policies")] HttpRequest request)
    {
        _ = request;
        return new JsonResult<PolicyList>(200, new PolicyList([.. policies.List().Select(View)]), TriggersJson.Default.PolicyList);
    }

    [Function("GetPolicy")]
    public IActionResult Get([HttpTrigger(AuthorizationLevel.Function, "get", Route = "policies/{name}")] HttpRequest request, string name)
    {
        _ = request;
        return policies.Find(name) is { } stored ? new JsonResult<PolicyView>(200, View(stored), TriggersJson.Default.PolicyView) : NotFound(name);
    }

    [Function("PutPolicy")]
    public async Task<IActionResult> PutAsync([HttpTrigger(AuthorizationLevel.Function, "put", Route = "policies/{name}")] HttpRequest request, string name, CancellationToken cancellation)
    {
        try
        {
            var policy = PolicyBody.Parse(PolicyBody.RequireName(name), await request.ReadBodyAsync(cancellation));
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
    public IActionResult Preview([HttpTrigger(AuthorizationLevel.Function, "post", Route = "policies/{name}/preview")] HttpRequest request, string name)
    {
        _ = request;
        if (policies.Find(name) is not { } stored) return NotFound(name);
        var now = time.GetUtcNow();
        var schedule = PolicySchedule.Of(stored.Policy);
        var next = new List<DateTimeOffset>();
        for (var at = schedule?.Next(now); at is { } occurrence && next.Count < PreviewOccurrences; at = schedule?.Next(occurrence)) next.Add(occurrence);
        var judged = PolicyCopies.Judge(stored.Policy, index.CopiesOf(name), now).ToList();
        return new JsonResult<PolicyPreview>(200, new PolicyPreview(name, stored.Policy.Volumes, next, judged), TriggersJson.Default.PolicyPreview);
    }

    private PolicyView View(StoredPolicy stored) => new(
        stored.Policy, stored.Revision, stored.UpdatedAt, stored.UpdatedBy,
        stored.Policy.Enabled ? PolicySchedule.Of(stored.Policy)?.Next(time.GetUtcNow()) : null);

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

    private static ProblemResult NotFound(string name) =>
        new(404, "policy.not-found", $"There is no policy '{(name.Length <= 64 ? name : name[..64])}'.", "GET /api/policies lists what there is.");
}

/// <param name="NextAt">Null while disabled, or when the schedule never comes again.</param>
internal sealed record PolicyView(SnapshotPolicy Policy, long Revision, DateTimeOffset UpdatedAt, string UpdatedBy, DateTimeOffset? NextAt);

internal sealed record PolicyList(IReadOnlyList<PolicyView> Items);

/// <summary>What would be taken next, and what the rule says of each copy now.</summary>
internal sealed record PolicyPreview(string Name, PolicyVolumes Takes, IReadOnlyList<DateTimeOffset> NextAt, IReadOnlyList<JudgedVolume> Copies);
