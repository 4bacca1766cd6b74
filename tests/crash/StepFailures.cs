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

/// <summary>Every step of every workflow is refused once: looks, writes, stores and the catalog alike. It is undone and clean, or it went on; and the next attempt, without a refusal, ends well.</summary>
public sealed class StepFailures(ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("none", null, null, 25)]
    [InlineData("hook", "stream", null, 20)]
    [InlineData("none", null, "chunks", 18)]
    public async Task Of_a_snapshot(string quiesce, string? copy, string? format, int least) => await EachStep.RefusedAsync(output, least, null, async (plan, faults) =>
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, Quiesce = quiesce, Copy = copy, Format = format });
        await using var life = new Life(world, CrashSwitch.Never, plan.Register);
        var ended = await life.RunAsync(Cancellation);
        if (format is null) faults.AddRange(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: false, Cancellation));
        else if (!ended.IsCompleted || world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray().Count != 1) faults.Add("a clone is left");
    });

    [Fact]
    public Task Of_a_group() => EachStep.RefusedAsync(output, 31, null, async (plan, faults) =>
    {
        using var world = SnapshotGroupFaults.World();
        await using var life = new Life(world, CrashSwitch.Never, plan.Register);
        faults.AddRange(await GroupChecker.FaultsAsync(world, life, await SnapshotGroupFaults.RunAsync(life), mustSucceed: false, Cancellation));
    });

    [Fact]
    public async Task Of_a_restore()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        await EachStep.RefusedAsync(output, 12, null, async (plan, faults) =>
        {
            using var world = taken.NewWorld();
            await using var life = new Life(world, CrashSwitch.Never, plan.Register);
            var ended = await life.Get<DurableEngine>().PumpAsync(await life.PostRestoreAsync(taken.Key, "{\"name\":\"back\"}", Cancellation), Cancellation);
            faults.AddRange(await RestoreChecker.FaultsAsync(world, life, ended, target: null, mustSucceed: false, Cancellation));
        });
    }

    [Fact]
    public async Task Of_a_deletion()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        await EachStep.RefusedAsync(output, 7, null, async (plan, faults) =>
        {
            using var world = taken.NewWorld();
            await using (var life = new Life(world, CrashSwitch.Never, plan.Register))
            {
                var ended = await RunAsync(life, "DeleteSnapshot", new DeleteSnapshotInput(taken.Key, "test", "asked for"), DeleteSnapshotInput.InstanceOf(taken.Key).Value);
                if (ended.RuntimeStatus != OrchestrationRuntimeStatus.Completed && Manifests(world) != 1) faults.Add("it failed, and the manifest is gone");
            }

            await using var again = new Life(world, CrashSwitch.Never);
            if (again.Get<SnapshotIndex>().Find(taken.Key)!.Status.State != SnapshotState.Destroyed)
                await RunAsync(again, "DeleteSnapshot", new DeleteSnapshotInput(taken.Key, "test", "again"), DeleteSnapshotInput.InstanceOf(taken.Key).Value);
            if (Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories) is [var left, ..]) faults.Add($"the store holds {left}");
            if (again.Get<SnapshotIndex>().Find(taken.Key)!.Status.State != SnapshotState.Destroyed) faults.Add("it is not Destroyed");
        });
    }

    [Theory]
    [InlineData("HoldSnapshot", 4)]
    [InlineData("VerifySnapshot", 4)]
    [InlineData("ScrubSnapshots", 1)]
    [InlineData("BackupLedger", 3)]
    [InlineData("CollectChunks", 1)]
    public async Task Of_what_touches_a_copy_that_stays(string workflow, int least)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        await EachStep.RefusedAsync(output, least, null, async (plan, faults) =>
        {
            using var world = taken.NewWorld();
            await using (var life = new Life(world, CrashSwitch.Never, plan.Register)) await RunAsync(life, workflow, Input(workflow, taken.Key), "first");
            await using var again = new Life(world, CrashSwitch.Never);
            var ended = await RunAsync(again, workflow, Input(workflow, taken.Key), "second");
            if (ended.RuntimeStatus != OrchestrationRuntimeStatus.Completed) faults.Add($"the next one ended {ended.RuntimeStatus}: {ended.FailureDetails?.ErrorMessage}");
            var row = again.Get<SnapshotIndex>().Find(taken.Key)!;
            if (row.Status.State != SnapshotState.BackedUp || row.DamagedAt is not null || Manifests(world) != 1) faults.Add($"the copy is {row.Status.State}, damaged {row.DamagedAt}");
            if (workflow == "HoldSnapshot" && (!row.Held || Directory.GetFiles(world.StorePath, "*.hold.json", SearchOption.AllDirectories).Length != 1)) faults.Add("it is not held");
        });
    }

    /// <summary>The newest good copy stays whatever is refused, and the next occurrence makes good what this one could not.</summary>
    [Fact]
    public async Task Of_a_policys_run_and_its_expiry()
    {
        string[] own =
        [
            StepNames.SelectVolumes, StepNames.StartExpiry, StepNames.JudgeCopies, StepNames.ProveCopies, StepNames.FindCopy, StepNames.EntombCopy, StepNames.DeleteManifest, StepNames.DeleteData,
            StepNames.RemoveTombstone, StepNames.MarkSnapshot, StepNames.RecordAudit,
        ];
        var taken = await TakenCopy.GetAsync(Cancellation);
        await EachStep.RefusedAsync(output, 10, own.Contains, async (plan, faults) =>
        {
            using var world = taken.NewWorld();
            await using (var life = new Life(world, CrashSwitch.Never, plan.Register))
            {
                life.Get<SnapshotIndex>().Change(taken.Key, row => row with { Policy = "nightly", VolumeId = world.Volume.CloudStackId });
                life.Get<PolicyLedger>().Put(new SnapshotPolicy { Name = "nightly", Schedule = "0 0 * * *", Volumes = new PolicyVolumes { Ids = [world.Volume.CloudStackId] }, Keep = new RetentionRule { Last = 1 } }, "test");
                await OccurrenceAsync(life);
                if (Manifests(world) < 1) faults.Add("no copy is left");
            }

            await using var again = new Life(world, CrashSwitch.Never);
            // As each minute's tick does: it ran through the day, so the clock is in no doubt.
            Assert.Null(again.Get<ClockWatch>().Observe());
            world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddDays(1));
            await OccurrenceAsync(again);
            if (Manifests(world) != 1) faults.Add($"{Manifests(world)} copies are left");
            if (again.Get<SnapshotIndex>().CopiesOf("nightly").Count != 1) faults.Add($"the catalog knows {again.Get<SnapshotIndex>().CopiesOf("nightly").Count} copies");
        });

        async Task OccurrenceAsync(Life life)
        {
            var stored = life.Get<PolicyLedger>().Find("nightly")!;
            var occurrence = new PolicyOccurrence(stored.Policy, life.Get<TimeProvider>().GetUtcNow(), 0);
            await RunAsync(life, "RunPolicy", occurrence, occurrence.Instance.Value);
            var expiry = ExpireSnapshotsInput.InstanceOf("nightly").Value;
            if (await life.Get<DurableTaskClient>().GetInstanceAsync(expiry, Cancellation) is not null) await life.Get<DurableEngine>().PumpAsync(expiry, Cancellation);
        }
    }

    private static object Input(string workflow, RequestKey key) => workflow switch
    {
        "HoldSnapshot" => new HoldSnapshotInput(key, key, Hold: true, "test", "lawsuit"),
        "VerifySnapshot" => new VerifySnapshotInput(key, "test"),
        "ScrubSnapshots" => new ScrubInput("test"),
        "BackupLedger" => new BackupLedgerInput("test"),
        _ => new CollectChunksInput("test"),
    };

    private static int Manifests(CrashWorld world) => Directory.GetFiles(world.StorePath, "*.manifest.json", SearchOption.AllDirectories).Length;

    private static async Task<OrchestrationMetadata> RunAsync(Life life, string workflow, object input, string instance)
    {
        var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(
            workflow, input, new StartOrchestrationOptions(instance).WithDedupeStatuses(OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, Cancellation);
        await start;
        return await life.Get<DurableEngine>().PumpAsync(instance, Cancellation);
    }
}
