using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>
/// The params of one call, read the way the cluster does: numeric strings count as numbers, "" / {} / null as absent, and
/// names that no method asked for end up in <c>unusedParameters</c>.
/// </summary>
internal sealed class CallParameters(JsonObject members, string method = "", ApiVersion? version = null)
{
    /// <summary>The version that the path named.</summary>
    public ApiVersion Version { get; } = version ?? ApiVersion.Newest;

    private readonly HashSet<string> asked = new(StringComparer.Ordinal);

    /// <summary>Members that the method did not know.</summary>
    public JsonObject Unused()
    {
        var unused = new JsonObject();
        foreach (var (name, value) in members)
        {
            if (!asked.Contains(name))
            {
                unused[name] = value?.DeepClone();
            }
        }

        return unused;
    }

    /// <summary>Whether the member is there at all, even as null.</summary>
    public bool Has(string name)
    {
        return Ask(name) && members.ContainsKey(name);
    }

    /// <summary>Marks members that are accepted and have no effect here.</summary>
    public void Accept(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            Ask(name);
        }
    }

    public long? Integer(string name)
    {
        var node = Member(name);
        return node is null || IsEmptyText(node) ? null : ToInteger(node, name);
    }

    /// <summary>A number that may have a fraction.</summary>
    public double? Number(string name)
    {
        var node = Member(name);
        return node is null || IsEmptyText(node)
            ? null
            : double.TryParse(node.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                ? value
                : throw ApiError.InvalidParameterType(name);
    }

    public long RequiredInteger(string name) => Integer(name) ?? throw ApiError.MissingParameter(name);

    /// <summary>An optional identifier; 0 means none.</summary>
    public long? Identifier(string name) => Integer(name) is { } value and not 0 ? value : null;

    public string? Text(string name)
    {
        var node = Member(name);
        if (node is null)
        {
            return null;
        }

        return node.GetValueKind() == JsonValueKind.String
            ? node.GetValue<string>() is { Length: > 0 } text ? text : null
            : throw ApiError.InvalidParameterType(name);
    }

    public string RequiredText(string name)
    {
        var node = Member(name) ?? throw ApiError.MissingParameter(name);
        return node.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : throw ApiError.InvalidParameterType(name);
    }

    public bool? Flag(string name)
    {
        var node = Member(name);
        return node?.GetValueKind() switch
        {
            null => null,
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String when bool.TryParse(node.GetValue<string>(), out var value) => value,
            JsonValueKind.String when IsEmptyText(node) => null,
            _ => throw ApiError.InvalidParameterType(name),
        };
    }

    public bool RequiredFlag(string name) => Flag(name) ?? throw ApiError.MissingParameter(name);

    /// <summary>An object member, copied; null when absent or null. An empty object is an empty object.</summary>
    public JsonObject? Object(string name)
    {
        var node = Member(name);
        return node switch
        {
            null => null,
            JsonObject value => (JsonObject)value.DeepClone(),
            _ when IsEmptyText(node) => null,
            _ => throw ApiError.InvalidParameterType(name),
        };
    }

    /// <summary>A time that is given in the API's form.</summary>
    public DateTimeOffset? Time(string name) => Text(name) is not { } text
        ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw ApiError.InvalidParameter($"{text} is not a time; expected YYYY-MM-DDTHH:MM:SSZ");

    public IReadOnlyList<long>? Integers(string name) => Elements(name)?.Select(node => ToInteger(node, name)).ToList();

    public IReadOnlyList<JsonNode>? Elements(string name)
    {
        var node = Member(name);
        return node switch
        {
            null => null,
            JsonArray array => array.Select(element => element ?? throw ApiError.InvalidParameterType(name)).ToList(),
            _ => throw ApiError.InvalidParameterType(name),
        };
    }

    /// <summary>One of the named values, or an error as the cluster words it.</summary>
    public string? Choice(string name, params ReadOnlySpan<string> choices)
    {
        var text = Text(name);
        return text is null || choices.Contains(text)
            ? text
            : throw new ApiError("xUnrecognizedEnumString", $"Unrecognized enum string: {text}");
    }

    private static bool IsEmptyText(JsonNode node) => node.GetValueKind() == JsonValueKind.String && node.GetValue<string>().Length == 0;

    private static long ToInteger(JsonNode node, string name)
    {
        switch (node.GetValueKind())
        {
            case JsonValueKind.Number when node.AsValue().TryGetValue(out long value):
                return value;
            case JsonValueKind.Number when node.AsValue().TryGetValue(out int value):
                return value;
            case JsonValueKind.String when long.TryParse(node.GetValue<string>(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value):
                return value;
            default:
                throw ApiError.InvalidParameterType(name);
        }
    }

    private JsonNode? Member(string name)
    {
        return Ask(name) ? members[name] : null;
    }

    /// <summary>Marks a member as known to the method; false when it came with a later version of the API.</summary>
    private bool Ask(string name)
    {
        if (!Since.Knows(Version, method, name))
        {
            return false;
        }

        asked.Add(name);
        return true;
    }
}
