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

    private static readonly HashSet<string> s_kinds = [.. typeof(HistoryEvent).GetCustomAttributes(typeof(JsonDerivedTypeAttribute), false)
        .Select(attribute => (string)((JsonDerivedTypeAttribute)attribute).TypeDiscriminator!)];

    public static string Write(HistoryEvent one) => JsonSerializer.Serialize(one, Default.HistoryEvent);

    public static string Write(IReadOnlyList<HistoryEvent> many) => JsonSerializer.Serialize(many, Default.IReadOnlyListHistoryEvent);

    public static string? Write(TaskFailureDetails? details) => details is null ? null : JsonSerializer.Serialize(details, Default.TaskFailureDetails);

    public static string? Write(IReadOnlyDictionary<string, string>? tags) =>
        tags is null or { Count: 0 } ? null : JsonSerializer.Serialize(tags, Default.IReadOnlyDictionaryStringString);

    public static HistoryEvent ReadEvent(string json) => JsonSerializer.Deserialize(json, Default.HistoryEvent)!;

    public static List<HistoryEvent> ReadEvents(string json) => JsonSerializer.Deserialize(json, Default.ListHistoryEvent)!;

    /// <summary>As <see cref="ReadEvents"/> (or one event), for rows that may be damaged: tells what is wrong instead of throwing.</summary>
    public static List<HistoryEvent> TryRead(string json, out HubDamage? damage)
    {
        try
        {
            damage = null;
            return json.AsSpan().TrimStart().StartsWith("[", StringComparison.Ordinal) ? ReadEvents(json) : [ReadEvent(json)];
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException)
        {
            damage = new HubDamage(exception.Message, IsNewer(json));
            return [];
        }
    }

    /// <summary>Well-formed, every event names its kind, and one of the kinds is unknown.</summary>
    private static bool IsNewer(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var events = document.RootElement.ValueKind == JsonValueKind.Array ? [.. document.RootElement.EnumerateArray()] : new[] { document.RootElement };
            var kinds = events.Select(one => one.ValueKind == JsonValueKind.Object && one.TryGetProperty("type", out var kind) ? kind.GetString() : null).ToArray();
            return Array.TrueForAll(kinds, kind => kind is not null) && Array.Exists(kinds, kind => !s_kinds.Contains(kind!));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    public static TaskFailureDetails? ReadFailure(string? json) => json is null ? null : JsonSerializer.Deserialize(json, Default.TaskFailureDetails);

    public static IReadOnlyDictionary<string, string>? ReadTags(string? json) =>
        json is null ? null : JsonSerializer.Deserialize(json, Default.DictionaryStringString);
}
