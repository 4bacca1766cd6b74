using System.Text.Json;

namespace SnapshotWorkflows.Durable.Host.Configuration;

/// <summary>Reads a settings file as Functions does: JSON with comments and trailing commas.</summary>
internal static class JsonSettingsFile
{
    public static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>The root object of the file, or null when there is no such file.</summary>
    /// <exception cref="HostStartupException">The file cannot be read, or is not one JSON object.</exception>
    public static JsonElement? Find(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), Lenient);
            // Each text is read once, for what cannot be read is found at that only.
            Flatten(document.RootElement, "", new Dictionary<string, string?>());
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new HostStartupException("settings.malformed", $"{path} does not hold a JSON object.", "Start the file with '{'.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            // The position only: the parser's message may quote the file, and the file may hold secrets.
            var where = e.LineNumber is { } line ? $" at line {line + 1}, byte {(e.BytePositionInLine ?? 0) + 1}" : " (a member occurs twice)";
            throw new HostStartupException("settings.malformed", $"{path} is not valid JSON{where}.", "Correct the file; comments and trailing commas are allowed.");
        }
        catch (InvalidOperationException)
        {
            throw new HostStartupException("settings.malformed", $"{path} holds half a surrogate pair, such as \\ud800 alone, which is no text.", "Correct the file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HostStartupException("settings.unreadable", $"{path} cannot be read: {e.Message}", "Give the account of this service read access to the file.");
        }
    }

    /// <summary>Adds every leaf of <paramref name="element"/> under its <c>:</c>-separated path.</summary>
    public static void Flatten(JsonElement element, string path, IDictionary<string, string?> target)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    Flatten(member.Value, $"{path}:{member.Name}", target);
                }

                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray())
                {
                    Flatten(item, $"{path}:{index++}", target);
                }

                break;
            case JsonValueKind.Null:
                break;
            case JsonValueKind.String:
                target[path] = element.GetString();
                break;
            default:
                target[path] = element.GetRawText();
                break;
        }
    }
}
