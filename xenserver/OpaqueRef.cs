using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.XenServer;

/// <summary>XenAPI's handle of an object. It lives as long as the object's row does; only the uuid is worth storing.</summary>
[JsonConverter(typeof(OpaqueRefConverter))]
public readonly record struct OpaqueRef(string Value)
{
    public static OpaqueRef Null { get; } = new("OpaqueRef:NULL");

    public bool IsNull => string.IsNullOrEmpty(Value) || Value == Null.Value;

    public override string ToString() => Value ?? Null.Value;
}

internal sealed class OpaqueRefConverter : JsonConverter<OpaqueRef>
{
    public override OpaqueRef Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? throw new JsonException("A reference is text."));

    public override void Write(Utf8JsonWriter writer, OpaqueRef value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
