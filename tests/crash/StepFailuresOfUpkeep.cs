using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Every step of upkeep that has something to do is refused once: a removal, a purge, a copy that CloudStack's snapshot is to get, a report. The next time it is made good, and nothing but what was meant is touched.</summary>
public sealed class StepFailuresOfUpkeep(ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly string[] s_removals =
    [
        StepNames.ProveUnpublished, StepNames.DestroyDestinationVdi, StepNames.ForgetDestinationSr, StepNames.RemoveFolder, StepNames.ForgetSr, StepNames.RevokeAccess, StepNames.DeleteClone, StepNames.DeleteStorageSnapshot,
    ];

    /// <summary>Of the first all steps; of the others what they leave that it does not.</summary>
    [Theory]
    [InlineData("offload", "after Async.VDI.copy", null, 17)]
    [InlineData("slow", "after task.set_other_config", StepNames.EndLeakedTask, 1)]
    [InlineData("stream", "before catalog commit intent manifest", StepNames.DiscardStream, 1)]
    [InlineData("hook", "after freeze", StepNames.Thaw, 1)]
    [InlineData("group", "after CreateGroupSnapshot", StepNames.DeleteGroupSnapshot, 1)]
    [InlineData("restore", "after catalog commit intent write", StepNames.WithdrawAccess, 1)]
    [InlineData("restore", "after catalog commit intent write", StepNames.DeleteVolume, 1)]
    public async Task Of_a_sweep(string what, string diesAt, string? step, int least)
    {
        var taken = what == "restore" ? await TakenCopy.GetAsync(Cancellation) : null;
        var refused = await EachStep.RefusedAsync(output, least, step is null ? null : name => name == step, async (plan, faults) =>
        {
            using var world = taken?.NewWorld() ?? new CrashWorld(new WorldOptions
            {
                CopyBytesPerSecond = what == "slow" ? 16 : null, TwoVolumes = what == "group", Copy = what == "stream" ? "stream" : null, Quiesce = what == "hook" ? "hook" : "none",
            });
            var before = LeakSweeps.Everything(world);
            var id = await LeakSweepsOfWorkflows.DieAsync(world, new CrashSwitch(-1, diesAt), life => what switch
            {
                "restore" => life.PostRestoreAsync(taken!.Key, """{"name":"back","accountId":1}""", Cancellation),
                "group" => life.PostGroupAsync(Cancellation),
                _ => life.PostAsync(Cancellation),
            });
            await using (var life = new Life(world, CrashSwitch.Never)) await LeakSweepsOfWorkflows.TerminateAsync(life, id!);
            if (what != "hook" && LeakSweeps.Everything(world).SequenceEqual(before)) faults.Add("nothing was left to sweep");

            var first = (await SweepAsync("first", plan)).ReadOutputAs<SweepLeaksResult>();
            var removing = plan.FailedAt is not null && (step is not null || s_removals.Contains(plan.FailedAt));
            if (removing && first is not { Left: > 0, Failures: [{ Code: "test.rejected" }] }) faults.Add("what is left is not told");
            if (removing && world.Backup.Inventory().Srs.Any(sr => sr.Label.EndsWith("-sr", StringComparison.Ordinal)) && world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray().Count == 1) faults.Add("a LUN was deleted under its SR");
            var ended = await SweepAsync("second", refusing: null);
            if (ended.ReadOutputAs<SweepLeaksResult>() is not { Left: 0, Failures.Count: 0 }) faults.Add($"the next sweep: {ended.SerializedOutput} {ended.FailureDetails}");
            faults.AddRange(LeakSweeps.Everything(world).Except(before).Select(left => $"left: {left}"));
            faults.AddRange(before.Except(LeakSweeps.Everything(world)).Select(gone => $"gone: {gone}"));

            async Task<OrchestrationMetadata> SweepAsync(string name, FailingSteps? refusing)
            {
                world.Clock.Advance(TimeSpan.FromHours(25));
                await using var life = new Life(world, CrashSwitch.Never, refusing is null ? null : refusing.Register);
                var sweep = await LeakSweeps.SweepAsync(life, name, dryRun: false);
                if (world.Agent.FrozenGuests().Count > 0) faults.Add("a guest is frozen");
                return sweep;
            }
        });
        if (step is null) Assert.Subset(refused.ToHashSet(StringComparer.Ordinal), s_removals.ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public Task Of_a_purge() => EachStep.RefusedAsync(output, 4, null, async (plan, faults) =>
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using (var life = new Life(world, CrashSwitch.Never)) await life.RunAsync(Cancellation);
        var purged = await PurgeAsync("first", plan) + await PurgeAsync("second", refusing: null);
        if (purged != 1 || world.Array.Call("ListDeletedVolumes")["volumes"]!.AsArray().Count != 0) faults.Add($"{purged} were purged");
        if (world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray().Count != 1) faults.Add("the user's volume is not there");

        async Task<int> PurgeAsync(string name, FailingSteps? refusing)
        {
            await using var life = new Life(world, CrashSwitch.Never, refusing is null ? null : refusing.Register);
            life.Get<IOptions<UpkeepOptions>>().Value.PurgeAtDeletedVolumes = 1;
            return (await LeakSweeps.RunAsync(life, nameof(PurgeDeleted), new PurgeDeletedInput("test") { EachArray = true }, name)).ReadOutputAs<PurgeDeletedResult>()?.Purged ?? 0;
        }
    });

    /// <summary>An event of CloudStack's, the copy that it starts, and the reconciliation that makes up for both: whatever is refused, in the end there is one copy, and CloudStack's snapshot says so.</summary>
    [Fact]
    public Task Of_an_event_its_copy_and_the_reconciliation()
    {
        string[] own = [StepNames.FindCloudSnapshot, StepNames.StartFollows, StepNames.FindArrayOnly, StepNames.StartClone, StepNames.TagCloudSnapshot, StepNames.StartExpiry, StepNames.RecordAudit];
        return EachStep.RefusedAsync(output, 7, own.Contains, async (plan, faults) =>
        {
            using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
            var snapshot = SnapshotVariants.CloudSnapshot(world);
            await using (var life = new Life(world, CrashSwitch.Never, plan.Register))
            {
                life.Get<PolicyLedger>().Put(CloudEvents.Following(world), "test");
                await LeakSweeps.RunAsync(life, nameof(HandleCloudEvent), new CloudEvent("event-1", "SNAPSHOT.CREATE", snapshot.Id), "event");
                await ReconcileAsync(world, life, snapshot.Id, "first");
            }

            world.Clock.Advance(TimeSpan.FromMinutes(61));
            await using var again = new Life(world, CrashSwitch.Never);
            var ended = await ReconcileAsync(world, again, snapshot.Id, "second");
            if (ended.RuntimeStatus != OrchestrationRuntimeStatus.Completed) faults.Add($"the next reconciliation ended {ended.RuntimeStatus}");
            if (again.Get<SnapshotIndex>().CopiesOf("follow") is not [{ Status.State: SnapshotState.BackedUp } copy]) faults.Add($"there are {again.Get<SnapshotIndex>().CopiesOf("follow").Count} copies");
            else if (plan.FailedAt != StepNames.TagCloudSnapshot && await SnapshotVariants.TagAsync(again, snapshot.Id, "swf-copy") != copy.Key.Uuid) faults.Add("CloudStack's snapshot names another copy");
            if (SnapshotVariants.Snapshots(world).Count != 1 || world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray().Count != 1) faults.Add("something is left on the array, or CloudStack's snapshot is gone");
            if (plan.FailedAt == StepNames.TagCloudSnapshot && !again.Get<AuditTrail>().List(snapshot.Id, 0, 20).Any(line => line is { What: "snapshot.tag", Outcome: "failed" })) faults.Add("nothing tells of the tag that is missing");
        });
    }

    /// <summary>The receiver hears of it once, or the audit trail says that it was not told; the snapshot stays what it is.</summary>
    [Fact]
    public Task Of_a_report()
    {
        string[] own = [StepNames.StartReport, StepNames.SendCallback, StepNames.RecordAudit];
        return EachStep.RefusedAsync(output, 3, own.Contains, async (plan, faults) =>
        {
            using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
            var receiver = new CallbackReceiver();
            world.Network.Add("callback.test:80", receiver);
            await using var life = new Life(world, CrashSwitch.Never, plan.Register) { CallbackUrl = "http://callback.test/done/1" };
            var key = new RequestKey((await life.RunAsync(Cancellation)).InstanceId);
            var ended = await life.Get<DurableEngine>().PumpAsync(new ReportSnapshotInput(key, "", null).Instance.Value, Cancellation);
            var told = ended.ReadOutputAs<ReportedSnapshot>()?.Delivered;
            if (told != (plan.FailedAt != StepNames.SendCallback) || receiver.Seen.Count != (told is true ? 1 : 0)) faults.Add($"told {told}, and the receiver heard {receiver.Seen.Count} times");
            if (!life.Get<AuditTrail>().List(key.Uuid, 0, 20).Any(line => line.What == "snapshot.report" && line.Outcome == (told is true ? "done" : "failed"))) faults.Add("the audit trail says otherwise");
            if (life.Get<SnapshotIndex>().Find(key)!.Status.State != SnapshotState.BackedUp) faults.Add("the snapshot is not what it was");
        });
    }

    private static async Task<OrchestrationMetadata> ReconcileAsync(CrashWorld world, Life life, string snapshot, string name)
    {
        var ended = await LeakSweeps.RunAsync(life, nameof(Reconcile), new ReconcileInput("test"), name);
        for (var attempt = 1; attempt <= FollowSnapshotInput.AttemptsMax; attempt++)
        {
            var follow = (CloudEvents.Follow(world, life, snapshot) with { Attempt = attempt }).Instance.Value;
            if (await life.Get<DurableTaskClient>().GetInstanceAsync(follow, Cancellation) is not null) await life.Get<DurableEngine>().PumpAsync(follow, Cancellation);
        }

        return ended;
    }
}
