using System.Text.Json;

namespace SnapshotWorkflows.Durable.Host.Configuration;

/// <summary>local.settings.json: values that stand in for environment variables on a developer's machine, and the local port.</summary>
internal sealed record LocalSettings(IReadOnlyDictionary<string, string> Values, int? LocalHttpPort)
{
    public const string FileName = "local.settings.json";

    private static readonly string[] Known = ["IsEncrypted", "Values", "Host", "ConnectionStrings"];

    /// <summary>Reads the file; absent = nothing set, as in production, where environment variables are real.</summary>
    public static LocalSettings Read(string settingsRoot, ICollection<string> warnings)
    {
        var path = Path.Combine(settingsRoot, FileName);
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        int? port = null;
        if (JsonSettingsFile.Find(path) is not { } root)
        {
            return new LocalSettings(values, null);
        }

        foreach (var member in root.EnumerateObject().Where(member => !Known.Contains(member.Name, StringComparer.OrdinalIgnoreCase)))
        {
            warnings.Add($"{FileName}: '{member.Name}' is not known and has no effect.");
        }

        if (Member(root, "IsEncrypted") is { ValueKind: JsonValueKind.True })
        {
            throw new HostStartupException(
                "localSettings.encrypted",
                $"{path} is encrypted (IsEncrypted is true); only Azure Functions Core Tools on the machine that encrypted it can read it.",
                "Run 'func settings decrypt', or set IsEncrypted to false and write plain values.");
        }

        AddTexts(path, root, "Values", "", values);
        AddTexts(path, root, "ConnectionStrings", "ConnectionStrings:", values);
        if (Member(root, "Host") is { ValueKind: JsonValueKind.Object } host && Member(host, "LocalHttpPort") is { } number)
        {
            port = number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var parsed) && parsed is >= 0 and <= 65535
                ? parsed
                : throw new HostStartupException("localSettings.port", $"{path}: Host.LocalHttpPort must be a number from 0 to 65535.", "Correct it, or give --port.");
        }

        return new LocalSettings(values, port);
    }

    private static void AddTexts(string path, JsonElement root, string member, string prefix, Dictionary<string, string> values)
    {
        if (Member(root, member) is not { } section)
        {
            return;
        }

        if (section.ValueKind != JsonValueKind.Object)
        {
            throw new HostStartupException("localSettings.values", $"{path}: {member} must be an object of texts.", "Write it as { \"Name\": \"value\" }.");
        }

        foreach (var setting in section.EnumerateObject())
        {
            values[prefix + setting.Name.Replace("__", ":", StringComparison.Ordinal)] = setting.Value.ValueKind switch
            {
                JsonValueKind.String => setting.Value.GetString()!,
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => setting.Value.GetRawText(),
                _ => throw new HostStartupException(
                    "localSettings.values",
                    $"{path}: {member}.{setting.Name} is {setting.Value.ValueKind.ToString().ToLowerInvariant()}; environment variables are flat texts.",
                    $"Nest by name instead: \"{setting.Name}__Member\": \"value\"."),
            };
        }
    }

    private static JsonElement? Member(JsonElement parent, string name)
    {
        foreach (var member in parent.EnumerateObject())
        {
            if (string.Equals(member.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return member.Value;
            }
        }

        return null;
    }
}
