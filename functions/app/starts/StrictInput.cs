using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace SnapshotWorkflows.App.Starts;

/// <summary>
/// Reads a workflow's input as the workflow will, and refuses what it would find missing on its way: the converter gives null for a member that is not there or misspelt, and the workflow meets it
/// as a failure that names nothing.
/// </summary>
internal static class StrictInput
{
    private const int ShownMax = 64;

    // The engine's own converter (JsonDataConverter) includes fields and tells upper case from lower; the rest is stricter.
    private static readonly JsonSerializerOptions s_options = new()
    {
        IncludeFields = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    /// <summary>What can be given, as it is spelled.</summary>
    public static IEnumerable<string> MembersOf(Type type) => s_options.GetTypeInfo(type).Properties.Where(IsGiven).Select(member => member.Name);

    /// <param name="json">Well-formed; null where there is none.</param>
    /// <returns>The input; or what is wrong with it, in words that name the member.</returns>
    public static (object? Input, string? Fault) Read(string? json, Type type)
    {
        if (json is null) return (null, "there is none");
        try
        {
            var input = JsonSerializer.Deserialize(json, type, s_options);
            return (input, input is null ? "it is null" : null);
        }
        catch (JsonException unfit)
        {
            using var document = JsonDocument.Parse(json);
            return (null, Find(document.RootElement, s_options.GetTypeInfo(type), "") ?? Misread(unfit.Path));
        }
    }

    /// <summary>The serializer decides; this only finds the name, for its messages tell of types.</summary>
    private static string? Find(JsonElement value, JsonTypeInfo type, string path) => (type.Kind, value.ValueKind) switch
    {
        (JsonTypeInfoKind.Object, JsonValueKind.Object) =>
            type.Properties.Select(member => FindMember(value, member, Within(path, member.Name))).FirstOrDefault(fault => fault is not null) ?? FindUnknown(value, type, path),
        (JsonTypeInfoKind.Enumerable, JsonValueKind.Array) when type.ElementType is { } element =>
            value.EnumerateArray().Select((item, n) => Find(item, s_options.GetTypeInfo(element), $"{path}[{n}]")).FirstOrDefault(fault => fault is not null),
        _ => null,
    };

    private static string? FindMember(JsonElement value, JsonPropertyInfo member, string path)
    {
        if (!IsGiven(member)) return null;
        if (!value.TryGetProperty(member.Name, out var given)) return member.IsRequired || member.AssociatedParameter is { HasDefaultValue: false } ? $"'{path}' is missing" : null;
        if (given.ValueKind != JsonValueKind.Null) return Find(given, s_options.GetTypeInfo(member.PropertyType), path);
        return member.AssociatedParameter?.IsNullable ?? member.IsSetNullable ? null : $"'{path}' is null";
    }

    private static string? FindUnknown(JsonElement value, JsonTypeInfo type, string path) =>
        value.EnumerateObject().Select(member => member.Name).FirstOrDefault(name => type.Properties.All(member => member.Name != name)) is { } unknown ? $"'{Within(path, Shown(unknown))}' is no member of it" : null;

    private static string Misread(string? path) => path is null or "$" ? "it is no object" : $"'{Shown(path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path)}' is not of the right kind";

    /// <summary>What is only shown, such as an id that is derived, is passed over.</summary>
    private static bool IsGiven(JsonPropertyInfo member) => member.Set is not null || member.AssociatedParameter is not null;

    private static string Within(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Shown(string name) => name.Length <= ShownMax ? name : name[..ShownMax];
}
