using System.Text.RegularExpressions;

namespace SnapshotWorkflows.Tests.Unit.House;

/// <summary>docs/api.md has a row for every route of the triggers.</summary>
public sealed partial class ApiPageTests
{
    [Fact]
    public void Every_route_is_on_the_page()
    {
        var cells = File.ReadLines(Path.Combine(Checkout.Root, "docs", "api.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|')[1].Trim()).ToList();
        var routes = Directory.EnumerateFiles(Path.Combine(Checkout.Root, "functions", "triggers"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Contains("obj"))
            .SelectMany(file => Trigger().Matches(File.ReadAllText(file)))
            .Select(trigger => (Verb: trigger.Groups["verb"].Value.ToUpperInvariant(), Path: $"/api/{trigger.Groups["route"].Value}"))
            .ToList();
        Assert.True(routes.Count > 30, $"Only {routes.Count} routes were found.");
        Assert.Empty(routes.Where(route => !cells.Exists(cell => cell.StartsWith($"{route.Verb} ", StringComparison.Ordinal)
            && Regex.IsMatch(cell, $@"{Regex.Escape(route.Path)}(?![/\w])", RegexOptions.None, TimeSpan.FromSeconds(1)))));
    }

    [GeneratedRegex("""HttpTrigger\(AuthorizationLevel\.\w+, "(?<verb>\w+)", Route = "(?<route>[^"]+)"\)""")]
    private static partial Regex Trigger();
}
