using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace SnapshotWorkflows.Durable.Host.Configuration;

/// <summary>
/// Everything that is set from outside, as one configuration: host.json under <c>AzureFunctionsJobHost</c>, then the values of
/// local.settings.json, then environment variables (<c>__</c> nests); later wins. So <c>AzureFunctionsJobHost__extensions__http__routePrefix</c>
/// overrides host.json without further ado, as in Functions.
/// </summary>
internal sealed partial class HostSettings
{
    public const string HostJsonSection = "AzureFunctionsJobHost";

    private HostSettings(IConfigurationRoot configuration, LocalSettings local, List<string> warnings)
    {
        Configuration = configuration;
        Local = local;
        Warnings = warnings;
        var host = new SettingsSection(configuration.GetSection(HostJsonSection), "host.json", this);
        if (host.Text("version") is not "2.0")
        {
            throw new HostStartupException("hostJson.version", "host.json: version must be \"2.0\".", "Add \"version\": \"2.0\" at the top of host.json.");
        }

        var extensions = host.Section("extensions");
        DurableTask = DurableTaskHostOptions.Read(extensions.Section("durableTask"), name => configuration[name]);
        Http = HttpHostOptions.Read(extensions.Section("http"));
        extensions.WarnAboutUnknown();
        host.Section("logging");
        host.WithoutEffect("functionTimeout", "extensionBundle", "singleton", "aggregator", "concurrency", "healthMonitor", "managedDependency", "retry", "telemetryMode", "watchDirectories", "watchFiles");
        host.WarnAboutUnknown();
    }

    public IConfigurationRoot Configuration { get; }

    public LocalSettings Local { get; }

    /// <summary>What was found odd but not wrong; logged once the logger stands.</summary>
    public List<string> Warnings { get; }

    public DurableTaskHostOptions DurableTask { get; }

    public HttpHostOptions Http { get; }

    public static HostSettings Read(string settingsRoot, IReadOnlyDictionary<string, string> environment)
    {
        var warnings = new List<string>();
        var path = Path.Combine(settingsRoot, "host.json");
        var root = JsonSettingsFile.Find(path) ?? throw new HostStartupException(
            "hostJson.missing",
            $"There is no host.json in {settingsRoot}.",
            "Give the folder of host.json with --settings-root; the least host.json is { \"version\": \"2.0\" }.");
        var hostJson = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        JsonSettingsFile.Flatten(root, HostJsonSection, hostJson);
        var local = LocalSettings.Read(settingsRoot, warnings);
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(hostJson)
            .AddInMemoryCollection(local.Values.Select(value => KeyValuePair.Create(value.Key, (string?)value.Value)))
            .AddInMemoryCollection(environment.Select(value => KeyValuePair.Create(value.Key.Replace("__", ":", StringComparison.Ordinal), (string?)value.Value)))
            .Build();
        return new HostSettings(configuration, local, warnings);
    }

    /// <summary>Replaces <c>%Name%</c> by the setting of that name.</summary>
    /// <exception cref="HostStartupException">There is no such setting.</exception>
    public static string Expand(IConfiguration configuration, string text, string usedBy) =>
        SettingReference().Replace(text, match => configuration[match.Groups["name"].Value.Replace("__", ":", StringComparison.Ordinal)] ?? throw new HostStartupException(
            "setting.missing",
            $"{usedBy} refers to %{match.Groups["name"].Value}%, but there is no such setting.",
            $"Set {match.Groups["name"].Value} as an environment variable or in the Values of local.settings.json."));

    [GeneratedRegex("%(?<name>[^%]+)%", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex SettingReference();
}
