using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>A row as it is kept, and whether it was attached.</summary>
internal sealed record StoredRow(string Table, bool Attached, JsonElement Row);

/// <summary>Rows as text for the store that outlives the process.</summary>
internal static class RowText
{
    private static readonly JsonSerializerOptions Options = new()
    {
        Converters = { new WireValueConverter(), new ChangeLogConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    private static readonly Dictionary<string, Type> Types = new(StringComparer.Ordinal)
    {
        ["pool"] = typeof(PoolRow), ["host"] = typeof(HostRow), ["host_metrics"] = typeof(HostMetricsRow), ["SM"] = typeof(SmRow), ["secret"] = typeof(SecretRow),
        ["network"] = typeof(NetworkRow), ["PIF"] = typeof(PifRow), ["SR"] = typeof(SrRow), ["PBD"] = typeof(PbdRow), ["VDI"] = typeof(VdiRow), ["VBD"] = typeof(VbdRow), ["VIF"] = typeof(VifRow),
        ["VM"] = typeof(VmRow), ["message"] = typeof(MessageRow), ["role"] = typeof(RoleRow),
    };

    /// <summary>Sessions and tasks die with the process, as on a real host whose toolstack restarts.</summary>
    public static bool IsKept(string table) => Types.ContainsKey(table);

    public static string Write(Row row)
    {
        var attached = row is PbdRow { Attached: true } or VbdRow { Attached: true };
        return JsonSerializer.Serialize(new StoredRow(row.Table, attached, JsonSerializer.SerializeToElement(row, row.GetType(), Options)), Options);
    }

    /// <exception cref="InvalidDataException">The text is none that <see cref="Write"/> made.</exception>
    public static (Row Row, bool Attached) Read(string text)
    {
        try
        {
            var stored = JsonSerializer.Deserialize<StoredRow>(text, Options)!;
            return ((Row)stored.Row.Deserialize(Types[stored.Table], Options)!, stored.Attached);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or NotSupportedException)
        {
            throw new InvalidDataException("A row of the simulated pool cannot be read: " + e.Message, e);
        }
    }

    /// <summary>Values of the wire, of whatever type.</summary>
    private sealed class WireValueConverter : JsonConverter<object>
    {
        public override object? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            return JsonForm.Value(document.RootElement);
        }

        public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options)
        {
            if (value.GetType() == typeof(object))
                writer.WriteNullValue();
            else
                JsonForm.Write(writer, value);
        }
    }

    private sealed class ChangeLogConverter : JsonConverter<ChangeLog>
    {
        public override ChangeLog Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            return ChangeLog.Restore(root.GetProperty("bits").GetBytesFromBase64(), root.GetProperty("parent").GetString());
        }

        public override void Write(Utf8JsonWriter writer, ChangeLog value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            writer.WriteBase64String("bits", value.Bits);
            writer.WriteString("parent", value.Parent);
            writer.WriteEndObject();
        }
    }
}
