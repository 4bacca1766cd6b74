using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>What a volume holds is given up only for a copy that was proven before the first byte.</summary>
public sealed class RestoreProofs
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_damaged_copy_is_not_written_over_a_volume()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        var target = world.AddDetached(CrashWorld.Image.Length);
        await using var life = new Life(world, CrashSwitch.Never);
        var file = Path.Combine(world.StorePath, life.Get<SnapshotIndex>().Find(taken.Key)!.Status.Location!);
        var bytes = await File.ReadAllBytesAsync(file, Cancellation);
        bytes[Array.FindLastIndex(bytes, bytes.Length - 4096, value => value != 0)] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancellation);

        var before = world.ReadLun(target.VolumeId);
        var ended = await RunAsync(life, taken, $$"""{"targetVolumeId":"{{target.CloudStackId}}","overwrite":true}""");
        var status = ended.ReadCustomStatusAs<RestoreStatus>()!;
        Assert.Equal((OrchestrationRuntimeStatus.Failed, "restore.copy-damaged", false), (ended.RuntimeStatus, status.Failure?.Code, status.TargetTouched));
        Assert.True(before.AsSpan().SequenceEqual(world.ReadLun(target.VolumeId)), "the volume was written to");
        Assert.Empty(await RestoreChecker.FaultsAsync(world, life, ended, target, mustSucceed: false, Cancellation));
    }

    [Fact]
    public async Task A_copy_that_a_scrub_found_damaged_is_refused_for_a_volume_that_holds_something_and_tried_for_a_new_one()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        var target = world.AddDetached(CrashWorld.Image.Length);
        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<SnapshotIndex>().Change(taken.Key, row => row with { DamagedAt = world.Clock.GetUtcNow() });

        var refused = await RunAsync(life, taken, $$"""{"targetVolumeId":"{{target.CloudStackId}}","overwrite":true}""");
        Assert.Equal("restore.copy-damaged", refused.ReadCustomStatusAs<RestoreStatus>()!.Failure?.Code);
        Assert.Empty(await RestoreChecker.FaultsAsync(world, life, refused, target, mustSucceed: false, Cancellation));

        await using var other = new Life(world, CrashSwitch.Never) { IdempotencyKey = "another" };
        await life.DisposeAsync();
        var made = await RunAsync(other, taken, """{"name":"back"}""");
        Assert.True(made.RuntimeStatus == OrchestrationRuntimeStatus.Completed, made.FailureDetails?.ToString());
    }

    private static async Task<OrchestrationMetadata> RunAsync(Life life, TakenCopy taken, string body) =>
        await life.Get<DurableEngine>().PumpAsync(await life.PostRestoreAsync(taken.Key, body, Cancellation), Cancellation);
}
