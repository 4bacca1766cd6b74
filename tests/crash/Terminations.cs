using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A terminate takes children with it, so what has snapshots as children is guarded as they are; forced, each of them is undone.</summary>
public sealed class Terminations
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_policys_run_is_not_terminated_and_forced_it_is_undone()
    {
        using var world = new CrashWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var (engine, client) = (life.Get<DurableEngine>(), life.Get<DurableTaskClient>());
        var policy = new SnapshotPolicy { Name = "nightly", Schedule = "0 */12 * * *", Volumes = new PolicyVolumes { Ids = [world.Volume.CloudStackId] }, Keep = new RetentionRule() };
        life.Get<PolicyLedger>().Put(policy, "test");
        world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddHours(12));
        var tick = life.Get<PolicyTick>().StartDueAsync(life.Get<PolicyLedger>().Find("nightly")!, client, Cancellation);
        await engine.PumpAsync(() => tick.IsCompleted, Cancellation);
        await tick;
        var occurrence = new PolicyOccurrence(policy, life.Get<PolicyLedger>().Find("nightly")!.LastOccurrence!.Value, 0);
        var (run, snapshot) = (occurrence.Instance.Value, occurrence.SnapshotOf(world.Volume.CloudStackId).Value);
        await engine.PumpAsync(
            async () => await client.GetInstanceAsync(snapshot, Cancellation) is not null && (await client.GetOrchestrationHistoryAsync(snapshot, Cancellation)).OfType<TaskScheduledEvent>().Any(call => call.Name == StepNames.CopyVdi), Cancellation);

        var guard = life.Get<ITerminateGuard>();
        var instance = (await client.GetInstanceAsync(run, getInputsAndOutputs: true, Cancellation))!;
        var refused = await guard.DecideAsync(instance, new TerminateRequest("test", Forced: false), Cancellation);
        Assert.True(refused != TerminateDecision.Allow && refused != TerminateDecision.Handled);

        var decide = guard.DecideAsync(instance, new TerminateRequest("test", Forced: true), Cancellation);
        await engine.PumpAsync(() => decide.IsCompleted, Cancellation);
        Assert.Equal(TerminateDecision.Handled, await decide);
        var ended = await engine.PumpAsync(run, Cancellation);
        Assert.Equal("cancelled", StepFault.From(ended.FailureDetails!).Code);
        var undone = (await client.GetInstanceAsync(snapshot, getInputsAndOutputs: true, Cancellation))!;
        Assert.Equal("cancelled", undone.ReadCustomStatusAs<SnapshotStatus>()!.Failure!.Code);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, undone, mustSucceed: false, Cancellation));
        Assert.Contains(life.Get<AuditTrail>().List("nightly", 0, 10), row => row is { What: "policy.run", Outcome: "cancelled" });
    }

    [Fact]
    public async Task A_deletion_under_way_and_an_expiry_are_guarded_too()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var guard = life.Get<ITerminateGuard>();
        foreach (var name in new[] { "DeleteSnapshot", "ExpireSnapshots", "FollowSnapshot", "RunPolicy" })
        {
            var decision = await guard.DecideAsync(new OrchestrationMetadata(name, new string('a', 32)), new TerminateRequest(null, Forced: false), Cancellation);
            Assert.True(decision != TerminateDecision.Allow, name);
        }

        Assert.Equal(TerminateDecision.Allow, await guard.DecideAsync(new OrchestrationMetadata("ScrubSnapshots", "x"), new TerminateRequest(null, Forced: false), Cancellation));
    }
}
