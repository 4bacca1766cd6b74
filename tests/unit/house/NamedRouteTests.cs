using System.Text.RegularExpressions;

namespace SnapshotWorkflows.Tests.Unit.House;

/// <summary>A remedy, a comment or a page that says <c>POST /api/...</c> sends nobody to a route that is not there.</summary>
public sealed partial class NamedRouteTests
{
    private static readonly string[] s_rooms = ["activities", "catalog", "cloudstack", "contracts", "docs", "durable", "functions", "lab", "packaging", "README.md", "secondary", "solidfire", "xenserver"];

    [Fact]
    public void Every_route_that_is_named_exists()
    {
        var routes = Routes.OfTriggers();
        var named = Named(Api()).ToList();
        Assert.True(named.Count > 100, $"Only {named.Count} were found.");
        Assert.Empty(named.Where(one => !routes.Any(route => route.Verb == one.Verb && Fits(one.Path, route.Path))).Select(one => $"{one.Verb} {one.Path} ({one.File})").Distinct());
    }

    [Fact]
    public void Every_timer_that_is_to_be_run_by_hand_exists()
    {
        var timers = Routes.Timers();
        var named = Named(Timer()).Where(one => !IsOpen(one.Path) && one.Path != "FUNCTION").ToList();
        Assert.True(named.Count > 5, $"Only {named.Count} were found.");
        Assert.Empty(named.Where(one => !timers.Contains(one.Path)).Select(one => $"{one.Path} ({one.File})").Distinct());
    }

    private static IEnumerable<(string Verb, string Path, string File)> Named(Regex pattern) =>
        from file in Checkout.Files("*.cs").Concat(Checkout.Files("*.md"))
        let relative = Path.GetRelativePath(Checkout.Root, file).Replace(Path.DirectorySeparatorChar, '/')
        where s_rooms.Contains(relative.Split('/')[0])
        from name in pattern.Matches(File.ReadAllText(file))
        select (name.Groups["verb"].Value.ToUpperInvariant(), name.Groups["path"].Value.TrimEnd('.'), relative);

    /// <summary>Segment by segment; what stands in braces, or between angle brackets, is anything.</summary>
    private static bool Fits(string named, string route) => named.Split('/') is var left && route.Split('/') is var right && left.Length == right.Length && left.Zip(right).All(pair => IsOpen(pair.First) || IsOpen(pair.Second) || pair.First == pair.Second);

    private static bool IsOpen(string segment) => segment.Contains('{') || segment.Contains('<');

    [GeneratedRegex("""\b(?<verb>GET|POST|PUT|DELETE|PATCH|get|post|put|delete) "?(?<path>/api(?:/(?:\{[^}\n]*\}|<[^>/\n]+>|[\w.-]+)+)+)""")]
    private static partial Regex Api();

    [GeneratedRegex("""\b(?<verb>POST)\b[^\n]{0,60}/admin/functions/(?<path>\{\w+\}|\w+)""")]
    private static partial Regex Timer();
}
