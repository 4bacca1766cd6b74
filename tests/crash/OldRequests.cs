using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A request that is sent again long after its instance was purged is not carried out again.</summary>
public sealed class OldRequests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_old_restore_does_not_overwrite_its_target_again()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var spare = world.AddDetached(CrashWorld.VirtualSize);
        await using var life = new Life(world, CrashSwitch.Never);
        var snapshot = new RequestKey((await life.RunAsync(Cancellation)).InstanceId);
        var body = $$"""{"targetVolumeId":"{{spare.CloudStackId}}","overwrite":true}""";
        Task<(int Status, string Location, string Answer)> SendAsync() => life.SendAsync(
            $"/api/snapshots/{snapshot.Uuid}/restore", body, (request, client) => life.Get<RestoreTriggers>().CreateAsync(request, snapshot.Uuid, client, Cancellation), Cancellation);

        var first = await SendAsync();
        Assert.Equal(202, first.Status);
        var restore = first.Location.Split('/')[^1].Replace("-", "", StringComparison.Ordinal);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(restore, Cancellation)).RuntimeStatus);
        Assert.Equal(202, (await SendAsync()).Status);

        world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddDays(31));
        await PurgeAsync(life, restore);
        var again = await SendAsync();
        Assert.Equal(410, again.Status);
        Assert.Contains("idempotency-key.ended", again.Answer, StringComparison.Ordinal);
        Assert.Null(await life.Get<DurableTaskClient>().GetInstanceAsync(restore, Cancellation));
    }

    /// <summary>A death between the claim and the start: whoever repeats the request soon gets what was asked for.</summary>
    [Fact]
    public async Task A_young_claim_whose_start_a_death_prevented_is_started()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await life.PostAsync(Cancellation);
        await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        await PurgeAsync(life, id);
        Assert.Equal(id, await life.PostAsync(Cancellation));
    }

    private static async Task PurgeAsync(Life life, string instance)
    {
        var purge = life.Get<DurableTaskClient>().PurgeInstanceAsync(instance, null, Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => purge.IsCompleted, Cancellation);
        await purge;
    }
}
