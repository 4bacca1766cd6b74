using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.XenServer;

/// <summary>Records of the pool: what we do not know is skipped.</summary>
[JsonSourceGenerationOptions(
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    Converters = [typeof(XenTimeConverter)])]
[JsonSerializable(typeof(Pool))]
[JsonSerializable(typeof(Host))]
[JsonSerializable(typeof(HostMetrics))]
[JsonSerializable(typeof(SmDriver))]
[JsonSerializable(typeof(Sr))]
[JsonSerializable(typeof(Pbd))]
[JsonSerializable(typeof(Vdi))]
[JsonSerializable(typeof(Vbd))]
[JsonSerializable(typeof(Vm))]
[JsonSerializable(typeof(XenTask))]
[JsonSerializable(typeof(NbdServerInfo[]))]
internal sealed partial class XenJson : JsonSerializerContext;

/// <summary>Times are <c>20260102T03:04:05Z</c>; the epoch means never.</summary>
internal sealed class XenTimeConverter : JsonConverter<DateTimeOffset?>
{
    private static readonly string[] s_formats = ["yyyyMMdd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'"];

    public override bool HandleNull => true;

    public override DateTimeOffset? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null) return null;
        return DateTimeOffset.TryParseExact(reader.GetString(), s_formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            && time != DateTimeOffset.UnixEpoch ? time : null;
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset? value, JsonSerializerOptions options) =>
        writer.WriteStringValue((value ?? DateTimeOffset.UnixEpoch).UtcDateTime.ToString(s_formats[0], CultureInfo.InvariantCulture));
}
