using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>Ready means that jobs can end well: what everything needs is there, and one at least of each kind of which there are several.</summary>
public sealed class ReadinessTests
{
    [Theory]
    [InlineData("", true, false)]
    [InlineData("array 2", true, true)]
    [InlineData("array 1,array 2", false, false)]
    [InlineData("destination 1", false, false)]
    [InlineData("hub", false, false)]
    [InlineData("array 1,hub", false, false)]
    public void What_is_away_is_judged_by_who_needs_it(string away, bool ready, bool degraded)
    {
        var gone = away.Split(',');
        ReadinessFinding[] findings =
        [
            Of("hub", null), Of("array 1", "array"), Of("array 2", "array"), Of("destination 1", "destination"),
        ];
        Assert.Equal(new ReadinessVerdict(ready, degraded), ReadinessVerdict.Of(findings));

        ReadinessFinding Of(string system, string? kind) => new(system, !gone.Contains(system), "", gone.Contains(system) ? "mend it" : null) { OneOf = kind };
    }
}
