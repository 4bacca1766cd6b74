using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Expiry's own ways since version 2.2, lived through; with UPDATE_HISTORIES=1 their histories are recorded, which <see cref="StoredHistories"/> replays.</summary>
public sealed class ExpiryHistories
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The deletions of one volume take ten minutes: the next volume is judged anew before its own.</summary>
    [Fact]
    public async Task A_volume_is_judged_again_right_before_its_first_deletion()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, TwoVolumes = true });
        await using var life = new Life(world, CrashSwitch.Never);
        var engine = life.Get<DurableEngine>();
        await TakeAsync(world, life, new RetentionRule { Last = 2 });
        await TakeAsync(world, life, new RetentionRule { Last = 1 });
        Assert.Equal(4, Manifests(world));
        await engine.PumpAsync(() => Manifests(world) == 3, Cancellation);
        world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddMinutes(10));
        var history = await EndAsync(life, OrchestrationRuntimeStatus.Completed, "judged-again");
        var judged = history.OfType<TaskScheduledEvent>().Where(call => call.Name == StepNames.JudgeCopies).ToList();
        Assert.Equal(2, judged.Count);
        Assert.Contains("volumeId", judged[1].Input!, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(2, Manifests(world));
    }

    [Fact]
    public async Task A_judgement_that_fails_ends_the_run_and_is_told()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, TwoVolumes = true });
        await using var life = new Life(world, CrashSwitch.Never);
        await TakeAsync(world, life, new RetentionRule { Last = 1 });
        await EndAsync(life, OrchestrationRuntimeStatus.Completed, null);
        var index = life.Get<SnapshotIndex>();
        var row = index.CopiesOf("nightly")[0];
        Assert.True(index.Change(row.Key, stored => stored with { Status = stored.Status with { TakenAt = world.Clock.GetUtcNow().AddDays(2) } }));
        var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(
            "ExpireSnapshots", new ExpireSnapshotsInput(life.Get<PolicyLedger>().Find("nightly")!.Policy), new StartOrchestrationOptions(ExpireSnapshotsInput.InstanceOf("nightly").Value), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, Cancellation);
        await start;
        await EndAsync(life, OrchestrationRuntimeStatus.Failed, "judgement-failed");
        Assert.Contains(life.Get<AuditTrail>().List("nightly", 0, 100), line => line is { What: "policy.expire", Outcome: "failed", Detail: "retention.clock" });
        Assert.Equal(2, Manifests(world));
    }

    /// <summary>One occurrence, whose expiry has been started.</summary>
    private static async Task TakeAsync(CrashWorld world, Life life, RetentionRule keep)
    {
        var policies = life.Get<PolicyLedger>();
        policies.Put(new SnapshotPolicy { Name = "nightly", Schedule = "0 */12 * * *", Volumes = new PolicyVolumes { Ids = [world.Volume.CloudStackId, world.Second!.CloudStackId] }, Keep = keep }, "test");
        world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddHours(12));
        var tick = life.Get<PolicyTick>().StartDueAsync(policies.Find("nightly")!, life.Get<DurableTaskClient>(), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => tick.IsCompleted, Cancellation);
        await tick;
        var stored = policies.Find("nightly")!;
        var run = await life.Get<DurableEngine>().PumpAsync(new PolicyOccurrence(stored.Policy, stored.LastOccurrence!.Value, 0).Instance.Value, Cancellation);
        Assert.Equal(2, run.ReadOutputAs<PolicyRunResult>()!.Taken);
    }

    private static async Task<IReadOnlyList<HistoryEvent>> EndAsync(Life life, OrchestrationRuntimeStatus status, string? way)
    {
        var ended = await life.Get<DurableEngine>().PumpAsync(ExpireSnapshotsInput.InstanceOf("nightly").Value, Cancellation);
        Assert.True(ended.RuntimeStatus == status, ended.FailureDetails?.ToString());
        IReadOnlyList<HistoryEvent> history = [.. await life.Get<DurableTaskClient>().GetOrchestrationHistoryAsync(ended.InstanceId, Cancellation)];
        if (way is not null && RecordedHistories.IsUpdating) await File.WriteAllTextAsync(RecordedHistories.FileOf("ExpireSnapshots", way), RecordedHistories.Text(history), Cancellation);
        return history;
    }

    private static int Manifests(CrashWorld world) => Directory.GetFiles(world.StorePath, "*.manifest.json", SearchOption.AllDirectories).Length;
}
