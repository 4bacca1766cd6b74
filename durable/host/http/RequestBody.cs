using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace SnapshotWorkflows.Durable.Host.Http;

/// <summary>Reads a JSON body, and turns what can be wrong with one into a problem that says where.</summary>
internal static class RequestBody
{
    /// <exception cref="HostProblemException">415 when the content type is not JSON, 400 when the body is not, or is <c>null</c>.</exception>
    public static async Task<object> ReadAsync(HttpRequest request, JsonTypeInfo type)
    {
        RequireJson(request);
        try
        {
            return await JsonSerializer.DeserializeAsync(request.Body, type, request.HttpContext.RequestAborted) ?? throw new JsonException();
        }
        catch (JsonException e)
        {
            throw Malformed(e);
        }
    }

    /// <summary>The body as JSON text, checked; null when it is empty.</summary>
    public static async Task<string?> ReadTokenAsync(HttpRequest request)
    {
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, request.HttpContext.RequestAborted);
        var bytes = buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        if (bytes.Span.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
        }

        if (bytes.Span.Trim(" \t\r\n"u8).IsEmpty)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(bytes);
            if (bytes.Span.IndexOf("\\u"u8) >= 0)
            {
                // An escaped half of a surrogate pair parses, but is no text: it shows when it is written again.
                _ = JsonSerializer.SerializeToUtf8Bytes(document.RootElement);
            }

            return document.RootElement.GetRawText();
        }
        catch (JsonException e)
        {
            throw Malformed(e);
        }
        catch (InvalidOperationException)
        {
            throw Malformed(new JsonException());
        }
    }

    public static void RequireJson(HttpRequest request)
    {
        if (MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase)))
        {
            return;
        }

        throw new HostProblemException(new HostProblem(
            StatusCodes.Status415UnsupportedMediaType,
            "request.mediaType",
            string.IsNullOrEmpty(request.ContentType) ? "The request says no content type." : $"The content type is '{request.ContentType}'.",
            "Send JSON with Content-Type: application/json."));
    }

    private static HostProblemException Malformed(JsonException e)
    {
        // Path and position, never the parser's message: it quotes the body, which may hold a secret.
        var where = e.LineNumber is { } line ? $" at line {line + 1}, byte {(e.BytePositionInLine ?? 0) + 1}" : "";
        var path = string.IsNullOrEmpty(e.Path) || e.Path == "$" ? "" : $" ({e.Path})";
        return new HostProblemException(new HostProblem(
            StatusCodes.Status400BadRequest, "request.malformed", $"The body is not the JSON that this route takes{where}{path}.", "Correct the body and send it again."));
    }
}
