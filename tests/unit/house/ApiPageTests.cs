using System.Text.RegularExpressions;

namespace SnapshotWorkflows.Tests.Unit.House;

/// <summary>docs/api.md has a row for every route of the triggers.</summary>
public sealed class ApiPageTests
{
    [Fact]
    public void Every_route_is_on_the_page()
    {
        var cells = File.ReadLines(Path.Combine(Checkout.Root, "docs", "api.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|')[1].Trim()).ToList();
        var routes = Routes.OfTriggers();
        Assert.True(routes.Count > 30, $"Only {routes.Count} routes were found.");
        Assert.Empty(routes.Where(route => !cells.Exists(cell => cell.StartsWith($"{route.Verb} ", StringComparison.Ordinal)
            && Regex.IsMatch(cell, $@"{Regex.Escape(route.Path)}(?![/\w])", RegexOptions.None, TimeSpan.FromSeconds(1)))));
    }
}
