using Microsoft.Extensions.Configuration;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App;

/// <summary>
/// The settings with every path in them absolute: a relative one is meant from the settings root, whatever folder the process was started in. Service, watchdog and commands take their
/// settings from here alone, so that all of them work on the same files.
/// </summary>
internal static class AppSettings
{
    public const string StatePath = "SnapshotWorkflows:StatePath";

    /// <summary>Settings that name a file or folder of this machine; <c>*</c> stands for each element of a list.</summary>
    public static IReadOnlyList<string> Paths { get; } =
    [
        StatePath,
        "SnapshotWorkflows:SecretsPath",
        "Quiesce:Pause:Folder",
        "Secondary:Destinations:*:Path",
        "SolidFire:CertificateAuthority",
        "SolidFire:Arrays:*:CertificateAuthority",
        "XenServer:Pools:*:CertificateAuthority",
        "CloudStack:CertificateAuthority",
    ];

    /// <returns>The builder's settings, with a state path always: the host's own where none is set.</returns>
    public static IConfiguration Read(FunctionsHostBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var settings = builder.Configuration;
        var absolute = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase) { [StatePath] = builder.StatePath };
        foreach (var key in Paths.SelectMany(path => Keys(settings, path)))
        {
            if (settings[key] is { Length: > 0 } path) absolute[key] = Path.GetFullPath(path, builder.SettingsRoot);
        }

        return new ConfigurationBuilder().AddConfiguration(settings).AddInMemoryCollection(absolute).Build();
    }

    private static IEnumerable<string> Keys(IConfiguration settings, string path)
    {
        if (path.Split(":*:") is not [var list, var name]) return [path];
        return settings.GetSection(list).GetChildren().Select(element => $"{element.Path}:{name}");
    }
}
