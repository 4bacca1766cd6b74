using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Every step is refused once of what gives up a disk that a user has: a revert, and a restore into a volume.</summary>
public sealed class StepFailuresOfOverwriting(ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_a_restore_into_a_target()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        await EachStep.RefusedAsync(output, 16, null, async (plan, faults) =>
        {
            using var world = taken.NewWorld();
            var target = world.AddDetached(CrashWorld.VirtualSize);
            await using var life = new Life(world, CrashSwitch.Never, plan.Register);
            var id = await life.PostRestoreAsync(taken.Key, $$"""{"targetVolumeId":"{{target.CloudStackId}}","overwrite":true}""", Cancellation);
            faults.AddRange(await RestoreChecker.FaultsAsync(world, life, await life.Get<DurableEngine>().PumpAsync(id, Cancellation), target, mustSucceed: false, Cancellation));
        });
    }

    /// <summary>By the array and by CloudStack: put back and told so, or refused with nothing done; and it can be asked for anew.</summary>
    [Theory]
    [InlineData(false, 9)]
    [InlineData(true, 7)]
    public Task Of_a_revert(bool byCloudStack, int least) => EachStep.RefusedAsync(output, least, null, async (plan, faults) =>
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = byCloudStack ? await Reverts.AdoptedAsync(world) : await Reverts.KeptAsync(world);
        world.Production.World.WriteVdi(world.Volume.VdiUuid, 2 << 20, CrashWorld.Image[..(1 << 20)]);
        world.StopMachine();
        var (system, method) = byCloudStack ? ("cloudstack", "revertSnapshot") : ("solidfire", "RollbackToSnapshot");
        await using (var life = new Life(world, CrashSwitch.Never, plan.Register))
        {
            var ended = await Reverts.RunAsync(life, key);
            var status = ended.ReadCustomStatusAs<RevertStatus>();
            var done = ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed;
            if (status is not { Ended: true } || status.State != (done ? RevertState.Reverted : RevertState.Error)) faults.Add($"it ended {ended.RuntimeStatus}, and shows {status?.State}");
            if (!done && !byCloudStack && world.Faults.CallsOf(system, method) > 0) faults.Add("it failed, and the volume was put back");
            if (!life.Get<AuditTrail>().List(key.Uuid, 0, 20).Any(line => line.What == "snapshot.revert" && (line.Outcome == "done") == done)) faults.Add("the audit trail says nothing");
            if ((await life.Get<DurableTaskClient>().Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, Cancellation))?.State is { Granted.Count: > 0 }) faults.Add("it holds slots");
        }

        await using var again = new Life(world, CrashSwitch.Never);
        var second = await Reverts.RunAsync(again, key, "again");
        if (second.RuntimeStatus != OrchestrationRuntimeStatus.Completed) faults.Add($"the next one ended {second.RuntimeStatus}: {second.FailureDetails?.ErrorMessage}");
        if (!byCloudStack && !world.ReadLun(world.Volume.VolumeId).AsSpan().SequenceEqual(CrashWorld.Image)) faults.Add("the disk is not the snapshot's");
    });
}
