using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

/// <summary>Something that the cluster says is wrong with it.</summary>
internal sealed class ClusterFault
{
    public required long Id { get; init; }

    public required string Code { get; init; }

    /// <summary><c>bestPractice</c>, <c>warning</c>, <c>error</c> or <c>critical</c>.</summary>
    public required string Severity { get; init; }

    /// <summary><c>node</c>, <c>drive</c>, <c>cluster</c>, <c>service</c> or <c>volume</c>.</summary>
    public required string Type { get; init; }

    public required string Details { get; init; }

    public required DateTimeOffset Date { get; init; }

    public DateTimeOffset? ResolvedDate { get; set; }

    public JsonObject ToJson() => new()
    {
        ["blocksUpgrade"] = Severity is "error" or "critical",
        ["clusterFaultID"] = Id,
        ["code"] = Code,
        ["data"] = null,
        ["date"] = Json.PreciseTime(Date),
        ["details"] = Details,
        ["driveID"] = 0,
        ["driveIDs"] = new JsonArray(),
        ["externalSource"] = "",
        ["networkInterface"] = "",
        ["nodeHardwareFaultID"] = 0,
        ["nodeID"] = 0,
        ["resolved"] = ResolvedDate is not null,
        ["resolvedDate"] = ResolvedDate is { } resolved ? Json.PreciseTime(resolved) : "",
        ["serviceID"] = 0,
        ["severity"] = Severity,
        ["type"] = Type,
    };
}
