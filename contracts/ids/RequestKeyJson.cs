using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Contracts;

/// <summary>A request key is its 32 digits in JSON.</summary>
public sealed class RequestKeyJson : JsonConverter<RequestKey>
{
    public override RequestKey Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        RequestKey.IsValid(reader.GetString()) ? new RequestKey(reader.GetString()!) : throw new JsonException("A request key is 32 lower-case hex digits.");

    public override void Write(Utf8JsonWriter writer, RequestKey value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}
