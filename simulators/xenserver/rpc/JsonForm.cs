using System.Text.Json;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>JSON-RPC 1 and 2 as xapi speaks them.</summary>
internal sealed class JsonForm : IRpcForm
{
    private readonly bool _version2;
    private readonly JsonElement _id;

    private JsonForm(RpcRequest request, bool version2, JsonElement id)
    {
        Request = request;
        _version2 = version2;
        _id = id;
    }

    public string ContentType => "application/json";

    public RpcRequest Request { get; }

    public static JsonForm Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (!root.TryGetProperty("id", out var id) || id.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
                throw new MalformedRequest("The id must be a string or an integer.");
            if (!root.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String)
                throw new MalformedRequest("The method is missing.");
            if (!root.TryGetProperty("params", out var parameters) || parameters.ValueKind != JsonValueKind.Array)
                throw new MalformedRequest("The params must be an array.");
            // Half of a character could not be echoed.
            if (id.ValueKind == JsonValueKind.String)
                _ = id.GetString();
            var version2 = root.TryGetProperty("jsonrpc", out var version) && version.ValueKind == JsonValueKind.String && version.GetString() == "2.0";
            return new JsonForm(new RpcRequest(method.GetString()!, [.. parameters.EnumerateArray().Select(Value)]), version2, id.Clone());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new MalformedRequest(e.Message);
        }
    }

    public byte[] Success(object? value) => Body(w =>
    {
        if (_version2)
            w.WriteString("jsonrpc", "2.0");
        w.WritePropertyName("result");
        Write(w, value);
        if (!_version2)
            w.WriteNull("error");
    });

    public byte[] Failure(IReadOnlyList<string> description) => Body(w =>
    {
        if (!_version2)
        {
            w.WriteNull("result");
            Array(w, "error", description);
            return;
        }

        w.WriteString("jsonrpc", "2.0");
        w.WriteStartObject("error");
        w.WriteNumber("code", 1);
        w.WriteString("message", description[0]);
        Array(w, "data", [.. description.Skip(1)]);
        w.WriteEndObject();
    });

    public byte[] FailureOutsideDispatch(IReadOnlyList<string> description) => Body(w =>
    {
        w.WriteString("jsonrpc", "2.0");
        Array(w, "error", description);
    });

    private static void Array(Utf8JsonWriter w, string name, IReadOnlyList<string> items)
    {
        w.WriteStartArray(name);
        foreach (var item in items)
            w.WriteStringValue(item);
        w.WriteEndArray();
    }

    /// <summary>A JSON value as plain objects.</summary>
    /// <exception cref="MalformedRequest">A number is beyond what a float holds: nothing could tell it again.</exception>
    internal static object? Value(JsonElement e) => e.ValueKind switch
    {
        JsonValueKind.String => WireText.Kept(e.GetString()!),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => e.TryGetInt64(out var n) ? (object)n : Finite(e.GetDouble()),
        JsonValueKind.Array => e.EnumerateArray().Select(Value).ToList(),
        JsonValueKind.Object => e.EnumerateObject().ToDictionary(p => WireText.Kept(p.Name), p => Value(p.Value), StringComparer.Ordinal),
        _ => null,
    };

    /// <summary>Plain objects as JSON; null is an empty text, as void is.</summary>
    internal static void Write(Utf8JsonWriter w, object? value)
    {
        switch (value)
        {
            case string s: w.WriteStringValue(s); break;
            case bool b: w.WriteBooleanValue(b); break;
            case long n: w.WriteNumberValue(n); break;
            case int n: w.WriteNumberValue(n); break;
            case double d: w.WriteNumberValue(d); break;
            case DateTimeOffset at: w.WriteStringValue(XenDate.Text(at)); break;
            case IEnumerable<KeyValuePair<string, object?>> map:
                w.WriteStartObject();
                foreach (var (key, item) in map)
                {
                    w.WritePropertyName(key);
                    Write(w, item);
                }

                w.WriteEndObject();
                break;
            case IEnumerable<object?> list:
                w.WriteStartArray();
                foreach (var item in list)
                    Write(w, item);
                w.WriteEndArray();
                break;
            case null: w.WriteStringValue(""); break;
            default: throw new InvalidOperationException($"No wire form for {value.GetType().Name}.");
        }
    }

    internal static double Finite(double number) => double.IsFinite(number) ? number : throw new MalformedRequest("A number is too large.");

    private byte[] Body(Action<Utf8JsonWriter> fill)
    {
        using var stream = new MemoryStream();
        using (var w = new Utf8JsonWriter(stream))
        {
            w.WriteStartObject();
            fill(w);
            w.WritePropertyName("id");
            _id.WriteTo(w);
            w.WriteEndObject();
        }

        return stream.ToArray();
    }
}
