using SnapshotWorkflows.Lab;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>All volumes of a machine at one instant, against real processes; the scenario itself fails on any wrong byte and on anything left behind.</summary>
public sealed class GroupTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_disks_of_a_frozen_machine_are_copied_of_one_instant_although_the_app_dies_three_times() =>
        await TestRun.RunGroupAsync(new RunOptions { Group = true, Quiesce = "hook", Kill = true, Seed = TestRun.Seed }, Cancellation);
}
