using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>The body of POST /api/snapshots, checked: what is unknown or out of range is refused by name, never ignored.</summary>
internal sealed record SnapshotBody(
    string VolumeId, string? Name, QuiesceMode Quiesce, string? Destination, bool KeepOnPrimary, IReadOnlyDictionary<string, string>? Tags)
{
    private const int TextMax = 255;
    private const int TagsMax = 32;

    /// <summary>Members that the design knows and this version does not serve yet: refused with a better word than "unknown".</summary>
    private static readonly string[] s_later = ["solidFireVolumeId", "secondaryPath", "adoptSnapshotId", "policy", "callbackUrl"];

    private static readonly string[] s_known = ["volumeId", "name", "quiesce", "destination", "format", "locationType", "keepOnPrimary", "tags"];

    /// <summary>What two bodies must share to be the same request, whatever their spelling.</summary>
    public string Hash()
    {
        var tags = Tags is null ? "" : string.Join('\n', Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key.Length}:{tag.Key}={tag.Value}"));
        var text = JsonSerializer.Serialize([VolumeId, Name, Quiesce.ToString(), Destination, KeepOnPrimary ? "keep" : "", tags], TriggersJson.Default.StringArray);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <exception cref="BadRequestException">With a code and a remedy.</exception>
    public static SnapshotBody Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            return Read(document.RootElement);
        }
        catch (JsonException broken)
        {
            throw new BadRequestException("request.not-json", $"The body is not valid JSON: {broken.Message}", "Send a JSON object such as {\"volumeId\":\"<uuid>\"}.");
        }
    }

    private static SnapshotBody Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new BadRequestException("request.not-object", "The body is not a JSON object.", "Send a JSON object such as {\"volumeId\":\"<uuid>\"}.");
        }

        var names = root.EnumerateObject().Select(member => member.Name).ToList();
        if (names.FirstOrDefault(s_later.Contains) is { } later)
        {
            throw new BadRequestException("request.not-available", $"'{later}' is not available in this version.", $"Leave '{later}' out.");
        }

        var unknown = names.Where(name => !s_known.Contains(name)).ToList();
        if (unknown.Count > 0)
        {
            throw new BadRequestException("request.unknown-member", $"Unknown: {string.Join(", ", unknown.Select(name => $"'{name}'"))}.", $"Known members are {string.Join(", ", s_known)}.");
        }

        _ = OneOf(root, "format", ["vhd"]);
        _ = OneOf(root, "locationType", ["secondary"]);
        var quiesce = OneOf(root, "quiesce", ["none", "hook"]) == "hook" ? QuiesceMode.Hook : QuiesceMode.None;
        return new SnapshotBody(VolumeUuid(root), Text(root, "name"), quiesce, Text(root, "destination"), Flag(root, "keepOnPrimary"), TagsOf(root));
    }

    private static string VolumeUuid(JsonElement root)
    {
        var text = Text(root, "volumeId") ?? throw new BadRequestException("request.volume-missing", "'volumeId' is missing.", "Give the uuid of the CloudStack volume.");
        return Guid.TryParseExact(text, "D", out var uuid)
            ? uuid.ToString("D")
            : throw new BadRequestException("request.volume-id", "'volumeId' is not a uuid.", "Give the uuid of the CloudStack volume, as listVolumes shows it.");
    }

    private static string? OneOf(JsonElement root, string name, string[] allowed) => Text(root, name) is not { } text || allowed.Contains(text)
        ? Text(root, name)
        : throw new BadRequestException("request.value", $"'{name}' cannot be '{text}' in this version.", $"Use one of: {string.Join(", ", allowed)}.");

    private static string? Text(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind != JsonValueKind.String) throw new BadRequestException("request.value", $"'{name}' must be text.", $"Put the value of '{name}' in quotation marks.");
        var text = value.GetString()!;
        return text.Length is > 0 and <= TextMax && !text.Any(char.IsControl)
            ? text
            : throw new BadRequestException("request.value", $"'{name}' must have 1 to {TextMax} characters and no control characters.", $"Shorten or clean '{name}'.");
    }

    private static bool Flag(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value)) return false;
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw new BadRequestException("request.value", $"'{name}' must be true or false.", $"Send '{name}' as true or false, without quotation marks."),
        };
    }

    private static Dictionary<string, string>? TagsOf(JsonElement root)
    {
        if (!root.TryGetProperty("tags", out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Any(tag => tag.Value.ValueKind != JsonValueKind.String))
        {
            throw new BadRequestException("request.value", "'tags' must be an object of texts.", "Send tags such as {\"team\":\"billing\"}.");
        }

        var tags = value.EnumerateObject().ToDictionary(tag => tag.Name, tag => tag.Value.GetString()!, StringComparer.Ordinal);
        return tags.Count <= TagsMax && tags.All(tag => tag.Key.Length is > 0 and <= TextMax && tag.Value.Length <= TextMax)
            ? tags
            : throw new BadRequestException("request.value", $"'tags' may hold {TagsMax} tags of up to {TextMax} characters.", "Send fewer or shorter tags.");
    }
}
