using System.Text.RegularExpressions;
using SnapshotWorkflows.Functions.Orchestrators;

namespace SnapshotWorkflows.Tests.Unit.House;

/// <summary>docs/upgrade.md says for which orchestrators what is under way waits after a way back: the number has to be that of the code.</summary>
public sealed partial class UpgradePageTests
{
    [Fact]
    public void The_newest_release_names_the_orchestrators_that_it_starts()
    {
        var row = File.ReadLines(Path.Combine(Checkout.Root, "docs", "upgrade.md")).First(line => Release().IsMatch(line));
        var (orchestrators, back) = (row.Split('|')[2].Trim(), row.Split('|')[5].Trim());
        Assert.Equal(WorkflowVersions.Current, orchestrators);
        Assert.EndsWith($"what began under {WorkflowVersions.Current} waits for {WorkflowVersions.Current}", back, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^\| [0-9]+\.[0-9]+\.[0-9]+ \|")]
    private static partial Regex Release();
}
