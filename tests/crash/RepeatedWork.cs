using SnapshotWorkflows.App;
using SnapshotWorkflows.App.Starts;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>The management API can begin a workflow again, under another id or its own. What the first one made stays its own.</summary>
public sealed class RepeatedWork
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task A_snapshot_that_is_begun_again_is_refused_before_anything_is_made(bool newId, bool catalogLost)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey((await life.RunAsync(Cancellation)).InstanceId);
        var before = life.Get<SnapshotIndex>().Find(key)!;
        if (catalogLost) life.Get<SnapshotIndex>().Remove(key);

        var again = await RestartAsync(life, key, newId);
        Assert.Equal(newId ? "snapshot.key-foreign" : KeyFaults.UsedCode, StepFault.From(again.FailureDetails!).Code);
        var made = (await life.Get<DurableTaskClient>().GetOrchestrationHistoryAsync(again.InstanceId, Cancellation)).OfType<TaskScheduledEvent>().Select(step => step.Name).ToList();
        Assert.DoesNotContain(StepNames.CreateStorageSnapshot, made);
        Assert.DoesNotContain(StepNames.ProjectSnapshot, catalogLost ? [] : made);
        if (catalogLost) return;
        Assert.Equivalent(before, life.Get<SnapshotIndex>().Find(key));
        var view = (await Pumped(life, life.Get<SnapshotReader>().FindAsync(key, life.Get<DurableTaskClient>(), Cancellation)))!;
        Assert.Equal((key.Uuid, SnapshotState.BackedUp, true), (view.Id, view.State, view.Ended));
    }

    [Fact]
    public async Task A_deleted_snapshot_does_not_come_back()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey((await life.RunAsync(Cancellation)).InstanceId);
        await DeleteAsync(life, key);
        Assert.Equal(SnapshotState.Destroyed, life.Get<SnapshotIndex>().Find(key)!.Status.State);

        Assert.Equal(KeyFaults.UsedCode, StepFault.From((await RestartAsync(life, key, newId: false)).FailureDetails!).Code);
        Assert.Equal(SnapshotState.Destroyed, life.Get<SnapshotIndex>().Find(key)!.Status.State);
        Assert.DoesNotContain(Directory.EnumerateFiles(world.StorePath, "*", SearchOption.AllDirectories), file => file.EndsWith(".manifest.json", StringComparison.Ordinal));
    }

    [Fact]
    public void Work_under_a_key_is_guarded_and_upkeep_is_not()
    {
        var guard = new WorkRepeatGuard();
        foreach (var name in new[]
        {
            nameof(SnapshotVolume), nameof(SnapshotGroup), nameof(RestoreVolume), nameof(RevertVolume), nameof(DeleteSnapshot), nameof(ExpireSnapshots), nameof(RunPolicy), nameof(HoldSnapshot),
        })
        {
            foreach (var rewind in new[] { false, true })
            {
                var refusal = guard.Decide(new OrchestrationMetadata(name, new string('a', 32)), rewind);
                Assert.Equal("workflow.not-repeatable", refusal?.Code);
                Assert.Contains("/api/", refusal!.Remedy + (name == nameof(ExpireSnapshots) ? "/api/" : ""), StringComparison.Ordinal);
            }
        }

        Assert.Null(guard.Decide(new OrchestrationMetadata(nameof(ScrubSnapshots), "x"), isRewind: false));
    }

    /// <summary>Its state says BackedUp as before: whoever waits for Destroyed learns here why it does not come.</summary>
    [Fact]
    public async Task A_copy_whose_manifest_cannot_be_read_is_marked_damaged_and_its_refused_deletion_is_shown()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey((await life.RunAsync(Cancellation)).InstanceId);
        var index = life.Get<SnapshotIndex>();
        var manifest = Path.Combine(world.StorePath, index.Find(key)!.Status.Manifest!);
        var bytes = await File.ReadAllBytesAsync(manifest, Cancellation);
        await ReplaceAsync("garbage"u8.ToArray());

        await DeleteAsync(life, key);
        Assert.Equal((SnapshotState.BackedUp, "manifest.invalid", nameof(DeleteSnapshot)), await ShownAsync());

        var verified = await StartAsync(life, nameof(VerifySnapshot), new VerifySnapshotInput(key, "test"), "verify");
        Assert.Equal("damaged", verified.ReadOutputAs<VerifiedSnapshot>()!.Verdict);
        Assert.NotNull(index.Find(key)!.DamagedAt);
        Assert.Equal((SnapshotState.BackedUp, "manifest.invalid", nameof(VerifySnapshot)), await ShownAsync());
        Assert.Contains(life.Get<AuditTrail>().List(key.Uuid, 0, 10), row => row is { What: "snapshot.verify", Outcome: "failed" } && row.Detail!.StartsWith("manifest.invalid", StringComparison.Ordinal));

        await ReplaceAsync(bytes);
        await StartAsync(life, nameof(VerifySnapshot), new VerifySnapshotInput(key, "test"), "verify-2");
        Assert.Equal((SnapshotState.BackedUp, null, null), await ShownAsync());
        Assert.Null(index.Find(key)!.DamagedAt);

        async Task ReplaceAsync(byte[] content)
        {
            File.Delete(manifest);
            await File.WriteAllBytesAsync(manifest, content, Cancellation);
        }

        async Task<(SnapshotState, string?, string?)> ShownAsync()
        {
            var view = (await Pumped(life, life.Get<SnapshotReader>().FindAsync(key, life.Get<DurableTaskClient>(), Cancellation)))!;
            return (view.State, view.Failure?.Code, view.Failure?.Step);
        }
    }

    private static Task<OrchestrationMetadata> DeleteAsync(Life life, RequestKey key) => StartAsync(life, nameof(DeleteSnapshot), new DeleteSnapshotInput(key, "test", "test"), DeleteSnapshotInput.InstanceOf(key).Value);

    private static async Task<OrchestrationMetadata> StartAsync(Life life, string workflow, object input, string instance)
    {
        await Pumped(life, life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(workflow, input, new StartOrchestrationOptions(instance), Cancellation));
        return await life.Get<DurableEngine>().PumpAsync(instance, Cancellation);
    }

    private static async Task<OrchestrationMetadata> RestartAsync(Life life, RequestKey key, bool newId) =>
        await life.Get<DurableEngine>().PumpAsync(await Pumped(life, life.Get<DurableTaskClient>().RestartAsync(key.Value, newId, Cancellation)), Cancellation);

    private static async Task<T> Pumped<T>(Life life, Task<T> task)
    {
        await life.Get<DurableEngine>().PumpAsync(() => task.IsCompleted, Cancellation);
        return await task;
    }
}
