using Microsoft.Extensions.Configuration;

namespace SnapshotWorkflows.Durable.Host.Configuration;

/// <summary>Typed reading of one section of host.json that knows which members were asked for, so that the rest can be warned about by name.</summary>
internal sealed class SettingsSection(IConfigurationSection section, string path, HostSettings settings)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    public string? Text(string name)
    {
        _known.Add(name);
        var text = section[name];
        return text is null ? null : HostSettings.Expand(settings.Configuration, text, PathOf(name));
    }

    public int Integer(string name, int otherwise, int least, int most)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        return int.TryParse(text, out var number) && number >= least && number <= most
            ? number
            : throw Invalid(name, text, most == int.MaxValue ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}");
    }

    public bool Boolean(string name, bool otherwise)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        return bool.TryParse(text, out var value) ? value : throw Invalid(name, text, "true or false");
    }

    public SettingsSection Section(string name)
    {
        _known.Add(name);
        return new SettingsSection(section.GetSection(name), PathOf(name), settings);
    }

    public IReadOnlyDictionary<string, string> Texts(string name)
    {
        _known.Add(name);
        return section.GetSection(name).GetChildren().Where(child => child.Value is not null)
            .ToDictionary(child => child.Key, child => child.Value!, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Members that a host of Azure knows and this one does not need: said once when they are set.</summary>
    public void WithoutEffect(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            _known.Add(name);
            if (section.GetSection(name).Exists())
            {
                settings.Warnings.Add($"{PathOf(name)} has no effect in this host.");
            }
        }
    }

    public void WarnAboutUnknown()
    {
        foreach (var child in section.GetChildren().Where(child => !_known.Contains(child.Key)))
        {
            settings.Warnings.Add($"{PathOf(child.Key)} is not known and has no effect; check the spelling.");
        }
    }

    public HostStartupException Invalid(string name, string found, string wanted) =>
        new("hostJson.invalid", $"{PathOf(name)} is '{found}', but must be {wanted}.", $"Correct host.json, or the environment variable {HostSettings.HostJsonSection}__{EnvironmentName(name)}.");

    private string PathOf(string name) => path.Equals("host.json", StringComparison.Ordinal) ? $"host.json: {name}" : $"{path}.{name}";

    private string EnvironmentName(string name) =>
        $"{section.Path}:{name}"[(HostSettings.HostJsonSection.Length + 1)..].Replace(":", "__", StringComparison.Ordinal);
}
