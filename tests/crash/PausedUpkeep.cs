using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Everything is paused means everything: upkeep too touches no array and no store, and deletions wait for the end of it.</summary>
public sealed class PausedUpkeep
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_everything_is_paused_upkeep_touches_nothing_and_a_deletion_waits()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var (engine, client) = (life.Get<DurableEngine>(), life.Get<DurableTaskClient>());
        var key = new RequestKey((await life.RunAsync(Cancellation)).InstanceId);
        await TellAsync(AdmissionEntity.Pause, new AdmissionPause("ops", "firmware", world.Clock.GetUtcNow()));
        Assert.Equal(202, (await life.SendAsync($"/api/snapshots/{key.Uuid}", "", (request, _) => life.Get<DeletionTriggers>().DeleteAsync(request, key.Uuid, client, Cancellation), Cancellation)).Status);
        await engine.PumpAsync(async () => (await StateAsync()).Waiting.Count == 1, Cancellation);
        var calls = Calls();
        foreach (var (workflow, input) in new (string, object)[] { ("SweepLeaks", new SweepLeaksInput("timer", DryRun: false)), ("PurgeDeleted", new PurgeDeletedInput("timer")), ("ScrubSnapshots", new ScrubInput("timer")), ("BackupLedger", new BackupLedgerInput("timer")) })
        {
            var start = client.ScheduleNewOrchestrationInstanceAsync(workflow, input, new StartOrchestrationOptions(NameUuid.From(workflow).ToString("N")), Cancellation);
            await engine.PumpAsync(() => start.IsCompleted, Cancellation);
            Assert.Equal(OrchestrationRuntimeStatus.Completed, (await engine.PumpAsync(await start, Cancellation)).RuntimeStatus);
        }

        Assert.Equal(calls, Calls());
        Assert.Single(Directory.GetFiles(world.StorePath, "*.manifest.json", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(world.StorePath, "*.db", SearchOption.AllDirectories));
        var waiting = Assert.Single(AdmissionView.Of(await StateAsync(), world.Clock.GetUtcNow()).Waiting);
        Assert.Equal((1, DeleteSnapshotInput.InstanceOf(key).Value), (waiting.Place, waiting.Instance));
        Assert.Contains("firmware", waiting.Reason, StringComparison.Ordinal);

        await TellAsync(AdmissionEntity.Resume, null);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await engine.PumpAsync(DeleteSnapshotInput.InstanceOf(key).Value, Cancellation)).RuntimeStatus);
        Assert.Empty(Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories));
        Assert.Equal((0, 0), ((await StateAsync()).Granted.Count, (await StateAsync()).Waiting.Count));

        async Task TellAsync(string operation, object? input)
        {
            var told = client.Entities.SignalEntityAsync(AdmissionEntity.Id, operation, input, null, Cancellation);
            await engine.PumpAsync(() => told.IsCompleted, Cancellation);
            await told;
        }

        async Task<AdmissionState> StateAsync() => (await client.Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, Cancellation))?.State ?? new AdmissionState();

        int Calls() => world.Faults.Calls.Sum(call => call.Value);
    }
}
