using SnapshotWorkflows.App;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Dies at every point of a deletion; held copies stay whatever happens.</summary>
public sealed class DeleteSnapshotCrashes(ITestOutputHelper output)
{
    [Fact]
    public async Task A_death_at_any_point_of_a_deletion_leaves_nothing_of_the_snapshot()
    {
        var faults = new List<string>();
        var cancellation = TestContext.Current.CancellationToken;
        for (var point = 0; ; point++)
        {
            using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
            var key = await TakenAsync(world);
            var crash = new CrashSwitch(point);
            try
            {
                await using var first = new Life(world, crash);
                await DeleteAsync(first, key);
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // As planned.
            }

            await using var second = new Life(world, CrashSwitch.Never);
            var ended = await DeleteAsync(second, key);
            if (ended.RuntimeStatus != OrchestrationRuntimeStatus.Completed) faults.Add($"#{point} {crash.DiedAt}: {ended.RuntimeStatus} {ended.FailureDetails}");
            faults.AddRange(Left(world, second, key).Select(left => $"#{point} {crash.DiedAt}: {left}"));
            if (crash.DiedAt is not null) continue;
            output.WriteLine($"{point} crash points");
            Assert.True(point > 20, $"only {point} crash points");
            Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(20)));
            return;
        }
    }

    [Fact]
    public async Task A_held_copy_is_not_deleted_and_a_released_one_is()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await TakenAsync(world);
        await using var life = new Life(world, CrashSwitch.Never);
        await HoldAsync(life, key, hold: true);
        Assert.True(life.Get<SnapshotIndex>().Find(key)!.Held);

        var refused = await DeleteAsync(life, key);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, refused.RuntimeStatus);
        Assert.Equal("snapshot.held", StepFault.From(refused.FailureDetails!).Code);
        Assert.Single(Files(world, ".manifest.json"));
        Assert.Single(Files(world, ".vhd"));
        Assert.Empty(Files(world, ".tombstone.json"));
        Assert.Equal(SnapshotState.BackedUp, life.Get<SnapshotIndex>().Find(key)!.Status.State);

        await HoldAsync(life, key, hold: false);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await DeleteAsync(life, key)).RuntimeStatus);
        Assert.Empty(Left(world, life, key));
    }

    /// <summary>Holder and deleter each put their mark first and look for the other's after: at the same moment at least one sees it.</summary>
    [Fact]
    public async Task A_hold_that_comes_after_the_tombstone_is_refused()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await TakenAsync(world);
        await using var life = new Life(world, CrashSwitch.Never);
        var manifest = Path.Combine(world.StorePath, life.Get<SnapshotIndex>().Find(key)!.Status.Manifest!);
        await File.WriteAllTextAsync(manifest.Replace(".manifest.json", ".tombstone.json", StringComparison.Ordinal), "{}", TestContext.Current.CancellationToken);
        var ended = await HoldAsync(life, key, hold: true);
        Assert.Equal("snapshot.deleting", StepFault.From(ended.FailureDetails!).Code);
        Assert.Empty(Files(world, ".hold.json"));
        Assert.False(life.Get<SnapshotIndex>().Find(key)!.Held);
    }

    private static async Task<RequestKey> TakenAsync(CrashWorld world)
    {
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await life.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        return new RequestKey(ended.InstanceId);
    }

    private static Task<OrchestrationMetadata> DeleteAsync(Life life, RequestKey key) =>
        PumpAsync(life, nameof(DeleteSnapshot), new DeleteSnapshotInput(key, "test", "asked for"), DeleteSnapshotInput.InstanceOf(key));

    private static Task<OrchestrationMetadata> HoldAsync(Life life, RequestKey key, bool hold)
    {
        var request = new RequestKey(NameUuid.From($"hold {hold}").ToString("N"));
        return PumpAsync(life, nameof(HoldSnapshot), new HoldSnapshotInput(request, key, hold, "test", "lawsuit"), request);
    }

    private static async Task<OrchestrationMetadata> PumpAsync(Life life, string workflow, object input, RequestKey instance)
    {
        var engine = life.Get<DurableEngine>();
        OrchestrationRuntimeStatus[] live = [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Completed];
        var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(
            workflow, input, new StartOrchestrationOptions(instance.Value).WithDedupeStatuses(live), TestContext.Current.CancellationToken);
        await engine.PumpAsync(() => start.IsCompleted, TestContext.Current.CancellationToken);
        try
        {
            await start;
        }
        catch (OrchestrationAlreadyExistsException)
        {
            // A life before this one had started it.
        }

        return await engine.PumpAsync(instance.Value, TestContext.Current.CancellationToken);
    }

    private static IEnumerable<string> Left(CrashWorld world, Life life, RequestKey key)
    {
        foreach (var file in Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories)) yield return $"the store holds {Path.GetFileName(file)}";
        var row = life.Get<SnapshotIndex>().Find(key);
        if (row?.Status.State != SnapshotState.Destroyed || row.DeletedAt is null) yield return $"the catalog says {row?.Status.State}";
        foreach (var intent in life.Get<IntentLedger>().Open(key)) yield return $"open intent {intent.Role}";
        if (!life.Get<AuditTrail>().List(key.Uuid, 0, 10).Any(line => line is { What: "snapshot.delete", Outcome: "done" })) yield return "the audit trail says nothing";
    }

    private static List<string> Files(CrashWorld world, string suffix) =>
        [.. Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories).Where(file => file.EndsWith(suffix, StringComparison.Ordinal))];
}
