using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>What of an instance's data the caller wants to see.</summary>
internal sealed record StatusView(bool ShowInput, bool ShowHistoryOutput);

/// <summary>Writes the status object of the management API: names, order, casing and date format are part of the public contract.</summary>
internal static class StatusJson
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlyMemory<byte> WriteOne(OrchestrationMetadata instance, IEnumerable<HistoryEvent>? history, StatusView view) =>
        Written(writer => Write(writer, instance, history, view));

    public static ReadOnlyMemory<byte> WriteMany(IEnumerable<OrchestrationMetadata> instances, StatusView view) => Written(writer =>
    {
        writer.WriteStartArray();
        foreach (var instance in instances)
        {
            Write(writer, instance, null, view);
        }

        writer.WriteEndArray();
    });

    public static ReadOnlyMemory<byte> Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Compact))
        {
            write(writer);
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Embeds JSON as it is; text that is no JSON (a terminate reason) becomes a JSON string; nothing becomes null.</summary>
    public static void WriteToken(Utf8JsonWriter writer, string name, string? json)
    {
        writer.WritePropertyName(name);
        if (string.IsNullOrEmpty(json))
        {
            writer.WriteNullValue();
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            document.RootElement.WriteTo(writer);
        }
        catch (JsonException)
        {
            writer.WriteStringValue(json);
        }
    }

    private static void Write(Utf8JsonWriter writer, OrchestrationMetadata instance, IEnumerable<HistoryEvent>? history, StatusView view)
    {
        writer.WriteStartObject();
        writer.WriteString("name", instance.Name);
        writer.WriteString("instanceId", instance.InstanceId);
        writer.WriteString("runtimeStatus", instance.RuntimeStatus.ToString());
        WriteToken(writer, "input", view.ShowInput ? instance.SerializedInput : null);
        WriteToken(writer, "customStatus", instance.SerializedCustomStatus);
        if (instance is { RuntimeStatus: OrchestrationRuntimeStatus.Failed, FailureDetails: { } failure })
        {
            writer.WriteString("output", failure.ToString());
        }
        else
        {
            WriteToken(writer, "output", instance.SerializedOutput);
        }

        writer.WriteString("createdTime", Time(instance.CreatedAt));
        writer.WriteString("lastUpdatedTime", Time(instance.LastUpdatedAt));
        if (instance.Reason is { } reason)
        {
            // Ours: why a live instance does not go on, such as code that this hub's nodes do not have.
            writer.WriteString("reason", reason);
        }

        if (history is not null)
        {
            writer.WritePropertyName("historyEvents");
            HistoryProjection.Write(writer, history, view);
        }

        writer.WriteEndObject();
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
