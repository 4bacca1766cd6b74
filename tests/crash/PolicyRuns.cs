using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Functions.Worker;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A policy lived through: the clock goes on by hand, the minute tick is called, and the store is looked at.</summary>
public sealed class PolicyRuns
{
    [Fact]
    public async Task Days_of_a_policy_leave_what_its_rule_keeps_each_with_its_data()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<PolicyLedger>().Put(Policy(world, new RetentionRule { Last = 1, Daily = 3 }), "test");
        for (var run = 0; run < 8; run++)
        {
            var occurrence = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(12));
            var ended = await life.Get<DurableEngine>().PumpAsync(occurrence.Instance.Value, TestContext.Current.CancellationToken);
            Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
            var result = ended.ReadOutputAs<PolicyRunResult>()!;
            Assert.True(result is { Taken: 1, Failures.Count: 0 }, $"run {run}: {ended.SerializedOutput}");
        }

        var left = life.Get<SnapshotIndex>().CopiesOf("nightly");
        Assert.Equal(3, left.Count);
        Assert.Equal(3, Directory.GetFiles(world.StorePath, "*.manifest.json", SearchOption.AllDirectories).Length);
        Assert.Equal(3, Directory.GetFiles(world.StorePath, "*.vhd", SearchOption.AllDirectories).Length);
        Assert.All(left, copy => Assert.True(File.Exists(Path.Combine(world.StorePath, copy.Status.Location!))));
    }

    [Fact]
    public async Task An_occurrence_runs_once_however_often_it_is_ticked_and_missed_ones_are_made_up_once()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var policies = life.Get<PolicyLedger>();
        policies.Put(Policy(world, new RetentionRule()), "test");
        var before = policies.Find("nightly")!;

        // Down for two and a half days: five occurrences, of which the last one runs.
        var occurrence = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(60));
        await life.Get<DurableEngine>().PumpAsync(occurrence.Instance.Value, TestContext.Current.CancellationToken);
        Assert.Single(life.Get<SnapshotIndex>().CopiesOf("nightly"));

        // A node that died before it noted the occurrence ticks it again.
        await TickAsync(life, before);
        await TickAsync(life, policies.Find("nightly")!);
        await life.Get<DurableEngine>().PumpAsync(occurrence.Instance.Value, TestContext.Current.CancellationToken);
        Assert.Single(life.Get<SnapshotIndex>().CopiesOf("nightly"));
    }

    [Fact]
    public async Task Nothing_expires_while_a_copy_that_is_to_survive_is_not_whole_on_the_store()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<PolicyLedger>().Put(Policy(world, new RetentionRule { Last = 2 }), "test");
        for (var run = 0; run < 2; run++)
        {
            var earlier = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(12));
            await life.Get<DurableEngine>().PumpAsync(earlier.Instance.Value, TestContext.Current.CancellationToken);
        }

        var survivor = life.Get<SnapshotIndex>().CopiesOf("nightly").MaxBy(copy => copy.Status.TakenAt)!;
        File.Delete(Path.Combine(world.StorePath, survivor.Status.Location!));
        var occurrence = await TickAsync(world, life, world.Clock.GetUtcNow().AddHours(12));
        var ended = await life.Get<DurableEngine>().PumpAsync(occurrence.Instance.Value, TestContext.Current.CancellationToken);
        var result = ended.ReadOutputAs<PolicyRunResult>()!;
        Assert.Equal("retention.survivor-missing", Assert.Single(result.Failures).Code);
        Assert.Equal((1, 0), (result.Taken, result.Expired));
        Assert.Equal(3, Directory.GetFiles(world.StorePath, "*.manifest.json", SearchOption.AllDirectories).Length);
    }

    private static SnapshotPolicy Policy(CrashWorld world, RetentionRule keep) => new()
    {
        Name = "nightly",
        Schedule = "0 */12 * * *",
        Volumes = new PolicyVolumes { Ids = [world.Volume.CloudStackId] },
        Keep = keep,
    };

    private static async Task<PolicyOccurrence> TickAsync(CrashWorld world, Life life, DateTimeOffset at)
    {
        world.Clock.AdvanceTo(at);
        var stored = life.Get<PolicyLedger>().Find("nightly")!;
        await TickAsync(life, stored);
        return new PolicyOccurrence(stored.Policy, life.Get<PolicyLedger>().Find("nightly")!.LastOccurrence!.Value, 0);
    }

    private static async Task TickAsync(Life life, StoredPolicy stored)
    {
        var tick = life.Get<PolicyTick>().StartDueAsync(stored, life.Get<DurableTaskClient>(), TestContext.Current.CancellationToken);
        await life.Get<DurableEngine>().PumpAsync(() => tick.IsCompleted, TestContext.Current.CancellationToken);
        await tick;
    }
}
