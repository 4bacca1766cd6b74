using System.Globalization;
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

    public T Word<T>(string name, T otherwise) where T : struct, Enum
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        return Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0]) ? value : throw Invalid(name, text, string.Join(" or ", Enum.GetNames<T>()));
    }

    public bool Boolean(string name, bool otherwise)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        return bool.TryParse(text, out var value) ? value : throw Invalid(name, text, "true or false");
    }

    /// <summary><c>hh:mm:ss</c>, <c>d.hh:mm:ss</c>; not <c>24:00:00</c>, which would be 24 days.</summary>
    public TimeSpan? Duration(string name, TimeSpan least, TimeSpan most)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var time) && time >= least && time <= most
            ? time
            : throw Invalid(name, text, $"a time from {least} to {most}, written [d.]hh:mm:ss (a day is 1.00:00:00)");
    }

    /// <summary>The members that there are.</summary>
    public IReadOnlyList<string> Names => [.. section.GetChildren().Select(child => child.Key)];

    public SettingsSection Section(string name)
    {
        _known.Add(name);
        return new SettingsSection(section.GetSection(name), PathOf(name), settings);
    }

    /// <summary>An array of texts, or one text with commas.</summary>
    public IReadOnlyList<string> List(string name)
    {
        _known.Add(name);
        var inner = section.GetSection(name);
        var texts = inner.Value is { } one ? one.Split(',') : inner.GetChildren().Select(child => child.Value ?? "");
        return [.. texts.Select(text => HostSettings.Expand(settings.Configuration, text.Trim(), PathOf(name))).Where(text => text.Length > 0)];
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

    /// <summary>For sections where a misspelt member would do harm in silence: another hub, another limit.</summary>
    public void RefuseUnknown()
    {
        if (section.GetChildren().FirstOrDefault(child => !_known.Contains(child.Key)) is { } unknown)
        {
            var meant = _known.FirstOrDefault(name => Distance(name, unknown.Key) <= 2);
            throw new HostStartupException(
                "hostJson.unknown",
                $"{PathOf(unknown.Key)} is not known{(meant is null ? "" : $"; did you mean {meant}")}.",
                $"Correct or remove it in host.json (or the environment variable {HostSettings.HostJsonSection}__{EnvironmentName(unknown.Key)}).");
        }
    }

    public HostStartupException Invalid(string name, string found, string wanted) =>
        new("hostJson.invalid", $"{PathOf(name)} is '{found}', but must be {wanted}.", $"Correct host.json, or the environment variable {HostSettings.HostJsonSection}__{EnvironmentName(name)}.");

    private string PathOf(string name) => path.Equals("host.json", StringComparison.Ordinal) ? $"host.json: {name}" : $"{path}.{name}";

    private string EnvironmentName(string name) =>
        $"{section.Path}:{name}"[(HostSettings.HostJsonSection.Length + 1)..].Replace(":", "__", StringComparison.Ordinal);

    /// <summary>Letters to insert, drop or change to make one word of the other, without regard to case.</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var change = diagonal + (char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[right.Length];
    }
}
