using System.Text.Json.Nodes;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>The last step of a restore into a new volume cannot succeed where somebody has deleted the volume: it must not be tried for ever, with the slots that others wait for.</summary>
public sealed class HandOvers
{
    [Fact]
    public async Task A_volume_that_is_deleted_before_it_is_handed_over_fails_the_restore_and_leaves_nothing()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var taken = await TakenCopy.GetAsync(cancellation);
        using var world = taken.NewWorld();
        world.Faults.Add(new FaultSpecification { System = "solidfire", Method = "ModifyVolume", Action = FaultAction.Fail, ErrorName = "xDBVersionMismatch" });
        await using var life = new Life(world, CrashSwitch.Never);
        var engine = life.Get<DurableEngine>();
        var id = await life.PostRestoreAsync(taken.Key, """{"name":"back","accountId":1}""", cancellation);
        await engine.PumpAsync(() => world.Faults.AllFired(), cancellation);
        var made = Active(world).Single(volume => (long)volume["volumeID"]! != world.Volume.VolumeId);
        world.Array.Call("DeleteVolume", new JsonObject { ["volumeID"] = (long)made["volumeID"]! });

        var ended = await engine.PumpAsync(id, cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        var status = ended.ReadCustomStatusAs<RestoreStatus>()!;
        Assert.Equal(("restore.volume-gone", true, true), (status.Failure!.Code, status.Ended, status.Cleanup.Done));
        Assert.Single(Active(world));
        Assert.Empty(life.Get<IntentLedger>().Open(new RequestKey(id)));
        Assert.Contains(life.Get<AuditTrail>().List(taken.Key.Uuid, 0, 20), line => line is { What: "snapshot.restore", Outcome: "failed", Detail: "restore.volume-gone" });
        Assert.DoesNotContain(world.Backup.Inventory().Srs, sr => sr.Label.StartsWith("swf-", StringComparison.Ordinal));
        var admission = (await life.Get<DurableTaskClient>().Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, cancellation))!.State;
        Assert.Empty(admission.Granted);
    }

    private static List<JsonObject> Active(CrashWorld world) => [.. world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray().Select(one => one!.AsObject())];
}
