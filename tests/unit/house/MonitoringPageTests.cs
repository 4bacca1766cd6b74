using System.Text.RegularExpressions;

namespace SnapshotWorkflows.Tests.Unit.House;

/// <summary>docs/monitoring.md names every entry of the log that asks for attention, with the level that the log shows, and no other: whoever reads one at night finds it there.</summary>
public sealed partial class MonitoringPageTests
{
    private static readonly string[] s_others = ["tests", "bench", "lab", "simulators"];

    /// <summary>By the log's own words for them.</summary>
    private static readonly Dictionary<string, string> s_levels = new(StringComparer.Ordinal) { ["Critical"] = "crit", ["Error"] = "fail", ["Warning"] = "warn" };

    [Fact]
    public void Every_entry_from_a_warning_up_is_on_the_page_with_its_level()
    {
        var entries = InSources();
        Assert.True(entries.Count > 50, $"Only {entries.Count} entries were found.");
        var page = OnPage();
        Assert.Empty(entries.Except(page).Order(StringComparer.Ordinal));
        Assert.Empty(page.Except(entries).Order(StringComparer.Ordinal));
    }

    private static HashSet<string> InSources() => Checkout.Files("*.cs")
        .Where(file => !s_others.Contains(Path.GetRelativePath(Checkout.Root, file).Split(Path.DirectorySeparatorChar)[0]))
        .SelectMany(file => Entry().Matches(File.ReadAllText(file)))
        .Where(entry => s_levels.ContainsKey(entry.Groups["level"].Value))
        .Select(entry => $"{s_levels[entry.Groups["level"].Value]} {entry.Groups["id"].Value}")
        .ToHashSet(StringComparer.Ordinal);

    private static HashSet<string> OnPage() => File.ReadLines(Path.Combine(Checkout.Root, "docs", "monitoring.md"))
        .Where(line => line.StartsWith('|'))
        .Select(line => line.Split('|'))
        .Where(cells => s_levels.ContainsValue(cells[1].Trim()))
        .SelectMany(cells => cells[2].Split(',').Select(id => $"{cells[1].Trim()} {id.Trim()}"))
        .ToHashSet(StringComparer.Ordinal);

    [GeneratedRegex(@"EventId = (?<id>[0-9]+), Level = LogLevel\.(?<level>\w+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Entry();
}
