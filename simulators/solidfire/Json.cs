using System.Globalization;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>Spellings of the wire.</summary>
internal static class Json
{
    public static JsonArray Array(IEnumerable<long> values) => new([.. values.Select(value => (JsonNode)JsonValue.Create(value))]);

    public static JsonArray Array(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode)JsonValue.Create(value))]);

    public static JsonArray Array(IEnumerable<JsonObject> values) => new([.. values]);

    /// <summary>UTC with seconds, as on objects.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>UTC with seconds, or null where nothing has happened yet.</summary>
    public static JsonNode? Time(DateTimeOffset? time) => time is { } known ? Time(known) : null;

    /// <summary>UTC with microseconds, as on sessions and events.</summary>
    public static string PreciseTime(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
