using System.Text.Json;
using System.Text.Unicode;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>JSON of a stranger, parsed only when all of it is text: half a surrogate pair, escaped, parses as JSON (RFC 8259, 8.2) and fails wherever its name or value is read later.</summary>
internal static class JsonText
{
    /// <exception cref="JsonException">It is no JSON, or a name or text in it is no valid Unicode.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, JsonDocumentOptions options)
    {
        if (!Utf8.IsValid(json.Span)) throw new JsonException("it is not UTF-8.");
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = options.MaxDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.ValueIsEscaped) _ = reader.GetString();
            }
        }
        catch (InvalidOperationException broken)
        {
            throw new JsonException("a text in it holds half of a surrogate pair.", broken);
        }

        return JsonDocument.Parse(json, options);
    }
}
