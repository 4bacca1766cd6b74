using System.Text.Json.Serialization;

namespace SnapshotWorkflows.SolidFire;

/// <summary>A named quality of service; its volumes follow its changes.</summary>
public sealed record QosPolicy
{
    [JsonPropertyName("qosPolicyID")] public required long QosPolicyId { get; init; }
    [JsonPropertyName("name")] public required string Name { get; init; }
    [JsonPropertyName("qos")] public required VolumeQos Qos { get; init; }
    [JsonPropertyName("volumeIDs")] public IReadOnlyList<long> VolumeIds { get; init; } = [];
}
