using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>GET /api/readiness: what the anonymous /readyz tells, with what was found and what to mend; for operators.</summary>
public sealed class ReadinessTriggers(IReadiness readiness)
{
    [Function("GetReadiness")]
    public async Task<IActionResult> GetAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "readiness")] HttpRequest request, CancellationToken cancellation)
    {
        _ = request;
        var systems = await readiness.FindAsync(cancellation);
        return new JsonResult<ReadinessReport>(200, new ReadinessReport(ReadinessVerdict.Of(systems) is var verdict && verdict.Ready, verdict.Degraded, systems), TriggersJson.Default.ReadinessReport);
    }
}

internal sealed record ReadinessReport(bool Ready, bool Degraded, IReadOnlyList<ReadinessFinding> Systems);
