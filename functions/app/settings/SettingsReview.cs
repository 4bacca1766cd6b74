using System.Reflection;
using Microsoft.Extensions.Configuration;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App.Settings;

/// <summary>
/// Holds what is written in the product's sections against the classes it is bound to, before it is bound: the binder stops at the first value that it cannot read, and prints it; in lists
/// and by-name entries it drops the whole entry without a word; and what has no property it passes over.
/// </summary>
internal sealed class SettingsReview
{
    private readonly List<string> _faults = [];
    private readonly List<string> _warnings = [];
    private readonly HashSet<string> _unsound = new(StringComparer.OrdinalIgnoreCase);
    private readonly IConfiguration _settings;

    private SettingsReview(IConfiguration settings) => _settings = settings;

    /// <summary>What stops the start, each a sentence with the setting's name and never its value.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Names that nothing reads.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>The settings without those that cannot be read, so that the rest can be bound and every other fault of theirs be told in the same message. No service may run on them where there are faults.</summary>
    public IConfiguration Sound => _unsound.Count == 0 ? _settings : new ConfigurationBuilder()
        .AddInMemoryCollection(_settings.AsEnumerable().Where(pair => pair.Value is not null && !_unsound.Any(path => IsWithin(pair.Key, path)))).Build();

    /// <param name="sections">Those that are used; none: all of the product's.</param>
    public static SettingsReview Of(IConfiguration settings, params string[] sections)
    {
        var review = new SettingsReview(settings);
        foreach (var (name, types) in SettingsSections.All)
        {
            if (sections.Length == 0 || sections.Contains(name)) review.Members(settings.GetSection(name), types, SettingsSections.RefusesUnknown(name));
        }

        // An environment is full of names that are not ours; one with settings beneath it that is all but ours is a slip.
        foreach (var other in settings.GetChildren().Where(root => sections.Length == 0 && !SettingsSections.All.ContainsKey(root.Key) && root.GetChildren().Any()))
        {
            if (NearestName.Of(other.Key, SettingsSections.All.Keys) is { } meant) review.Unknown(other, meant, SettingsSections.RefusesUnknown(meant));
        }

        return review;
    }

    /// <exception cref="HostStartupException"><c>settings.invalid</c>.</exception>
    public void Require()
    {
        if (_faults.Count > 0) throw new HostStartupException("settings.invalid", string.Join(" ", _faults), "Correct the settings named above.");
    }

    private void Members(IConfigurationSection section, Type[] types, bool refuse)
    {
        var properties = types.SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)).Where(IsSetting).ToList();
        foreach (var child in section.GetChildren())
        {
            if (properties.Find(property => string.Equals(property.Name, child.Key, StringComparison.OrdinalIgnoreCase)) is { } known) Visit(child, known.PropertyType, refuse, isEntry: false);
            else Unknown(child, NearestName.Of(child.Key, properties.Select(property => property.Name)) is { } meant ? $"{section.Path}:{meant}" : null, refuse);
        }
    }

    private void Visit(IConfigurationSection section, Type type, bool refuse, bool isEntry)
    {
        if (SettingValue.IsScalar(type))
        {
            if (section.Value is { } value && SettingValue.Fault(type, value) is { } fault)
            {
                _faults.Add($"{section.Path} {fault}.");
                // A role that cannot be read is not also missing.
                _unsound.Add(type.IsEnum ? ConfigurationPath.GetParentPath(section.Path)! : section.Path);
            }

            foreach (var beneath in section.GetChildren()) Unknown(beneath, section.Path, refuse);
            return;
        }

        var element = ElementOf(type);
        if (section.Value is { Length: > 0 } || (isEntry && !section.GetChildren().Any()))
        {
            _faults.Add($"{section.Path} has no value of its own: settings stand beneath it, as {section.Path}:{(element is null ? type.GetProperties().First(IsSetting).Name : IsByName(type) ? "NAME" : "0")}.");
            _unsound.Add(section.Path);
        }

        if (element is null) Members(section, [type], refuse);
        else foreach (var entry in section.GetChildren()) Visit(entry, element, refuse, isEntry: true);
    }

    private void Unknown(IConfigurationSection section, string? meant, bool refuse)
    {
        if (refuse) _faults.Add($"{section.Path} is no setting{(meant is null ? "" : $"; {meant} is")}.");
        else _warnings.Add($"{section.Path} is no setting and has no effect{(meant is null ? "; check the spelling" : $"; {meant} is one")}.");
    }

    // What can only be read is no setting, unless it is filled: a list or entries by name.
    private static bool IsSetting(PropertyInfo property) => property.SetMethod is { IsPublic: true } || ElementOf(property.PropertyType) is not null;

    private static bool IsByName(Type type) => type.IsGenericType && type.GetGenericArguments().Length == 2;

    private static Type? ElementOf(Type type) => type.IsGenericType && Nullable.GetUnderlyingType(type) is null ? type.GetGenericArguments()[^1] : null;

    private static bool IsWithin(string key, string path) =>
        key.StartsWith(path, StringComparison.OrdinalIgnoreCase) && (key.Length == path.Length || key[path.Length] == ':');
}
