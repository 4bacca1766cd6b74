using System.Globalization;

namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>The parameters of one command; names without regard to case.</summary>
internal sealed class CommandParameters(string command, IReadOnlyDictionary<string, string> values)
{
    public string Command => command;

    public string? Text(string name) => values.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    public string RequiredText(string name) => Text(name) ?? throw CloudError.Missing(command, name);

    public bool Flag(string name) => string.Equals(Text(name), "true", StringComparison.OrdinalIgnoreCase);

    public int? Integer(string name)
    {
        var text = Text(name);
        return text is null
            ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw CloudError.UnknownEntity(name, text);
    }

    /// <summary>A list parameter: comma-separated.</summary>
    public IReadOnlyList<string> List(string name) => Text(name)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>A map parameter of the form <c>tags[0].key=..&amp;tags[0].value=..</c>.</summary>
    public IEnumerable<(string Key, string Value)> Pairs(string name)
    {
        for (var i = 0; Text($"{name}[{i}].key") is { } key; i++)
        {
            yield return (key, Text($"{name}[{i}].value") ?? "");
        }
    }
}
