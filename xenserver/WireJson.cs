using System.Text.Json;
using System.Text.Unicode;

namespace SnapshotWorkflows.XenServer;

/// <summary>JSON from the network, looked at as a whole before anything is taken from it.</summary>
internal static class WireJson
{
    /// <summary>The root, every text of which can be read.</summary>
    /// <exception cref="JsonException">It is no JSON, or a text in it is no text: the parser itself finds that out only when it is asked for the text.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> bytes, JsonDocumentOptions options = default)
    {
        if (!Utf8.IsValid(bytes.Span)) throw new JsonException("The bytes are not UTF-8.");
        using var document = JsonDocument.Parse(bytes, options);
        // Half of a surrogate pair can only come as an escape.
        if (bytes.Span.IndexOf("\\u"u8) >= 0 && !IsReadable(document.RootElement)) throw new JsonException("An escape in a text is half of a character.");
        return document.RootElement.Clone();
    }

    private static bool IsReadable(JsonElement element)
    {
        try
        {
            return element.ValueKind switch
            {
                JsonValueKind.Object => element.EnumerateObject().All(member => member.Name.Length >= 0 && IsReadable(member.Value)),
                JsonValueKind.Array => element.EnumerateArray().All(IsReadable),
                JsonValueKind.String => element.GetString() is not null,
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
