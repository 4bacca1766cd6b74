using System.Text.Json;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Reads a JSON object member by member: what is unknown, doubled, of the wrong kind or out of range is refused by name, never ignored.</summary>
internal sealed class BodyReader
{
    public const int TextMax = 255;
    private const int TagsMax = 32;

    private readonly JsonElement _root;
    private readonly string _where;

    private BodyReader(JsonElement root, string where, string[] known)
    {
        _root = root;
        _where = where;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new BadRequestException("request.not-object", where.Length == 0 ? "The body is not a JSON object." : $"'{where}' must be a JSON object.", $"Send a JSON object with {string.Join(", ", known)}.");
        }

        var unknown = root.EnumerateObject().Select(member => member.Name).Where(name => !known.Contains(name)).ToList();
        if (unknown.Count > 0)
        {
            throw new BadRequestException("request.unknown-member", $"Unknown{(where.Length == 0 ? "" : $" in '{where}'")}: {string.Join(", ", unknown.Select(name => $"'{Shown(name)}'"))}.", $"Known members are {string.Join(", ", known)}.");
        }
    }

    /// <summary>Parses a whole body and hands it on.</summary>
    /// <exception cref="BadRequestException">With a code and a remedy.</exception>
    public static T Parse<T>(ReadOnlyMemory<byte> json, string[] known, Func<BodyReader, T> read)
    {
        try
        {
            using var document = JsonText.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            return read(new BodyReader(document.RootElement, "", known));
        }
        catch (JsonException broken)
        {
            throw new BadRequestException("request.not-json", $"The body is not valid JSON: {broken.Message}", $"Send a JSON object with {string.Join(", ", known)}.");
        }
    }

    public bool Has(string name) => _root.TryGetProperty(name, out _);

    public string? Text(string name, int longest = TextMax)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.String) throw Bad(name, "must be text", $"Put the value of '{Path(name)}' in quotation marks.");
        var text = value.GetString()!;
        return text.Length > 0 && text.Length <= longest && !text.Any(char.IsControl)
            ? text
            : throw Bad(name, $"must have 1 to {longest} characters and no control characters", $"Shorten or clean '{Path(name)}'.");
    }

    public string? OneOf(string name, params string[] allowed) => Text(name) is not { } text || allowed.Contains(text)
        ? Text(name)
        : throw Bad(name, $"cannot be '{text}' in this version", $"Use one of: {string.Join(", ", allowed)}.");

    public bool? Flag(string name) => Find(name) is not { } value
        ? null
        : value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Bad(name, "must be true or false", $"Send '{Path(name)}' as true or false, without quotation marks."),
        };

    public int? Number(string name, int least, int most) => Find(name) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most
            ? number
            : throw Bad(name, "is not valid", $"Send '{Path(name)}' as a whole number from {least} to {most}.");

    /// <summary>A uuid in lower case with dashes.</summary>
    public string? Uuid(string name, string code, string remedy) => Text(name) is not { } text
        ? null
        : Guid.TryParseExact(text, "D", out var uuid) ? uuid.ToString("D") : throw new BadRequestException(code, $"'{Path(name)}' is not a uuid.", remedy);

    public IReadOnlyList<string>? Uuids(string name, int most)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most) throw Bad(name, $"must be an array of at most {most} uuids", $"Send '{Path(name)}' as [\"<uuid>\", ...].");
        return [.. value.EnumerateArray()
            .Select(one => one.ValueKind == JsonValueKind.String && Guid.TryParseExact(one.GetString(), "D", out var uuid) ? uuid.ToString("D") : throw Bad(name, "holds something that is not a uuid", "Give uuids as CloudStack shows them."))
            .Distinct(StringComparer.Ordinal)];
    }

    public Dictionary<string, string>? Tags(string name)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Any(tag => tag.Value.ValueKind != JsonValueKind.String))
        {
            throw Bad(name, "must be an object of texts", "Send tags such as {\"team\":\"billing\"}.");
        }

        var tags = value.EnumerateObject().ToDictionary(tag => tag.Name, tag => tag.Value.GetString()!, StringComparer.Ordinal);
        return tags.Count <= TagsMax && tags.All(tag => tag.Key.Length is > 0 and <= TextMax && tag.Value.Length <= TextMax && !tag.Key.Concat(tag.Value).Any(char.IsControl))
            ? tags
            : throw Bad(name, $"may hold {TagsMax} tags of up to {TextMax} characters, and no control characters", "Send fewer, shorter or cleaned tags.");
    }

    /// <summary>An object within the object; null when absent.</summary>
    public T? Within<T>(string name, string[] known, Func<BodyReader, T> read) where T : class =>
        Find(name) is { } value ? read(new BodyReader(value, Path(name), known)) : null;

    private BadRequestException Bad(string name, string wrong, string remedy) => new("request.value", $"'{Path(name)}' {wrong}.", remedy);

    private JsonElement? Find(string name) => _root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private string Path(string name) => _where.Length == 0 ? name : $"{_where}.{name}";

    private static string Shown(string name) => new([.. name.Take(64).Select(c => char.IsControl(c) ? '?' : c)]);
}
