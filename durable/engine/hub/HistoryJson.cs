using System.Text.Json;
using System.Text.Json.Serialization;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>The stored form of events. Unknown members are skipped, so that an older program reads newer rows.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    AllowOutOfOrderMetadataProperties = true)]
[JsonSerializable(typeof(HistoryEvent))]
[JsonSerializable(typeof(IReadOnlyList<HistoryEvent>))]
[JsonSerializable(typeof(List<HistoryEvent>))]
[JsonSerializable(typeof(TaskFailureDetails))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(double))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class HistoryJson : JsonSerializerContext
{
    /// <summary>The format version of what is written; a hub refuses rows of a later one.</summary>
    public const int FormatVersion = 1;

    public static string Write(HistoryEvent one) => JsonSerializer.Serialize(one, Default.HistoryEvent);

    public static string Write(IReadOnlyList<HistoryEvent> many) => JsonSerializer.Serialize(many, Default.IReadOnlyListHistoryEvent);

    public static string? Write(TaskFailureDetails? details) => details is null ? null : JsonSerializer.Serialize(details, Default.TaskFailureDetails);

    public static string? Write(IReadOnlyDictionary<string, string>? tags) =>
        tags is null or { Count: 0 } ? null : JsonSerializer.Serialize(tags, Default.IReadOnlyDictionaryStringString);

    public static HistoryEvent ReadEvent(string json) => JsonSerializer.Deserialize(json, Default.HistoryEvent)!;

    public static List<HistoryEvent> ReadEvents(string json) => JsonSerializer.Deserialize(json, Default.ListHistoryEvent)!;

    public static TaskFailureDetails? ReadFailure(string? json) => json is null ? null : JsonSerializer.Deserialize(json, Default.TaskFailureDetails);

    public static IReadOnlyDictionary<string, string>? ReadTags(string? json) =>
        json is null ? null : JsonSerializer.Deserialize(json, Default.DictionaryStringString);
}
