using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.SolidFire;

/// <summary>An iSCSI initiator that the cluster knows by name.</summary>
public sealed record Initiator
{
    [JsonPropertyName("initiatorID")] public required long InitiatorId { get; init; }

    /// <summary>IQN; unique, compared without regard to case.</summary>
    [JsonPropertyName("initiatorName")] public required string Name { get; init; }

    [JsonPropertyName("alias")] public string Alias { get; init; } = "";

    [JsonPropertyName("volumeAccessGroups")] public IReadOnlyList<long> AccessGroupIds { get; init; } = [];
    [JsonPropertyName("attributes")] public IReadOnlyDictionary<string, JsonElement>? Attributes { get; init; }
}
