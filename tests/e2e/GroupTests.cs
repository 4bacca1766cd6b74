using SnapshotWorkflows.Lab;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>All volumes of a machine at one instant, against real processes; the scenario itself fails on any wrong byte and on anything left behind.</summary>
public sealed class GroupTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("hook", false)]
    [InlineData("none", true)]
    public async Task Both_disks_of_a_machine_are_copied_of_one_instant_killed_or_not(string quiesce, bool kill) =>
        await TestRun.RunGroupAsync(new RunOptions { Group = true, Quiesce = quiesce, Kill = kill, Seed = 4 }, Cancellation);
}
