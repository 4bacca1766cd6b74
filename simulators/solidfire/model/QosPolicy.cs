using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

/// <summary>A named quality of service; volumes associated with it follow its changes.</summary>
internal sealed class QosPolicy
{
    public required long Id { get; init; }

    public required string Name { get; set; }

    public required QualityOfService Qos { get; set; }

    public JsonObject ToJson(IEnumerable<long> volumes) => new()
    {
        ["name"] = Name,
        ["qos"] = Qos.ToJson(),
        ["qosPolicyID"] = Id,
        ["volumeIDs"] = Json.Array(volumes),
    };
}
