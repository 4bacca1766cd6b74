using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.SolidFire;

/// <summary>Snapshots of several volumes, taken at one instant.</summary>
public sealed record GroupSnapshot
{
    [JsonPropertyName("groupSnapshotID")] public required long GroupSnapshotId { get; init; }

    /// <summary>Not unique.</summary>
    [JsonPropertyName("name")] public required string Name { get; init; }

    [JsonPropertyName("groupSnapshotUUID")] public string? Uuid { get; init; }
    [JsonPropertyName("status")] public string? Status { get; init; }
    [JsonPropertyName("createTime")] public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>One for each volume; the list is shorter once a volume is purged.</summary>
    [JsonPropertyName("members")] public IReadOnlyList<ClusterSnapshot> Members { get; init; } = [];

    [JsonPropertyName("attributes")] public IReadOnlyDictionary<string, JsonElement>? Attributes { get; init; }

    public string? FindAttribute(string name) => AttributeText.Find(Attributes, name);
}
