using System.Text.RegularExpressions;

namespace SnapshotWorkflows.Tests.Unit.House;

/// <summary>What the triggers answer to, as their attributes say.</summary>
internal static partial class Routes
{
    public static IReadOnlyList<(string Verb, string Path)> OfTriggers() =>
        [.. Sources().SelectMany(source => Trigger().Matches(source).Select(trigger => (trigger.Groups["verb"].Value.ToUpperInvariant(), $"/api/{RouteOf(trigger, source)}")))];

    /// <summary>Functions that come by the clock, which <c>POST /admin/functions/NAME</c> runs.</summary>
    public static IReadOnlySet<string> Timers() => Sources().SelectMany(source => Timer().Matches(source)).Select(timer => timer.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);

    private static string RouteOf(Match trigger, string source) =>
        trigger.Groups["route"] is { Success: true } route ? route.Value : Regex.Match(source, $"const string {trigger.Groups["constant"].Value} = \"([^\"]+)\"", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value;

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(Path.Combine(Checkout.Root, "functions", "triggers"), "*.cs", SearchOption.AllDirectories).Where(file => !file.Split(Path.DirectorySeparatorChar).Contains("obj")).Select(File.ReadAllText);

    [GeneratedRegex("""HttpTrigger\(AuthorizationLevel\.\w+, "(?<verb>\w+)", Route = (?:"(?<route>[^"]+)"|(?<constant>\w+))\)""")]
    private static partial Regex Trigger();

    [GeneratedRegex("""\[Function\("(?<name>\w+)"\)\]\s+public [^\[]*\[TimerTrigger\(""")]
    private static partial Regex Timer();
}
