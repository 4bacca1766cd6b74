using System.Text.Json.Nodes;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>What must be true after a restore: a volume with the snapshot's bytes that is a person's, or nothing; and nothing else anywhere.</summary>
internal static class RestoreChecker
{
    /// <param name="target">The detached volume that was to be filled; null where a new one was asked for.</param>
    public static async Task<IReadOnlyList<string>> FaultsAsync(CrashWorld world, Life life, OrchestrationMetadata ended, SampleVolume? target, bool mustSucceed, CancellationToken cancellation)
    {
        var faults = new List<string>();
        void Expect(bool holds, string what)
        {
            if (!holds) faults.Add(what);
        }

        var key = new RequestKey(ended.InstanceId);
        var status = ended.ReadCustomStatusAs<RestoreStatus>();
        var succeeded = ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed;
        Expect(succeeded || !mustSucceed, $"ended {ended.RuntimeStatus}: {ended.FailureDetails}");
        Expect(succeeded || ended.RuntimeStatus == OrchestrationRuntimeStatus.Failed, $"ended {ended.RuntimeStatus}");
        Expect(status is { Ended: true, Cleanup.Done: true } && status.State == (succeeded ? RestoreState.Restored : RestoreState.Error), $"the status says {status?.State}, ended {status?.Ended}");

        var known = new HashSet<long> { world.Volume.VolumeId };
        if (target is not null) known.Add(target.VolumeId);
        var made = world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray().Where(volume => !known.Contains((long)volume!["volumeID"]!)).ToList();
        Expect(made.Count == (succeeded && target is null ? 1 : 0), $"{made.Count} new volumes on the array");
        foreach (var volume in made)
        {
            Expect((string?)volume!["attributes"]!["swf-role"] == "restored", "the new volume is not marked as restored");
            Expect((string?)volume["name"] == "back", "the new volume has another name");
        }

        foreach (var group in world.Array.Call("ListVolumeAccessGroups")["volumeAccessGroups"]!.AsArray())
        {
            var volumes = group!["volumes"]!.AsArray().Select(id => (long)id!).Where(id => id != world.Volume.VolumeId).ToList();
            Expect(volumes.Count == 0, $"access group {group["name"]} holds volume {string.Join(",", volumes)}");
        }

        Expect(world.Array.Call("ListISCSISessions")["sessions"]!.AsArray().All(session => (long)session!["volumeID"]! == world.Volume.VolumeId), "a session to the restored volume is open");
        foreach (var pool in (Simulators.XenServer.PoolInventory[])[world.Production.Inventory(), world.Backup.Inventory()])
        {
            Expect(!pool.Srs.Any(sr => sr.Label.StartsWith("swf-", StringComparison.Ordinal)), $"pool {pool.Name} has an SR of ours");
            Expect(pool.Name == "production" || (pool.Pbds.Count == 0 && pool.Vdis.Count == 0 && pool.Vbds.Count == 0), $"pool {pool.Name} has PBDs, VDIs or VBDs");
            Expect(pool.Tasks.All(task => task.Status != "pending"), $"pool {pool.Name} has a pending task");
        }

        if (succeeded)
        {
            var result = ended.ReadOutputAs<RestoredVolume>()!;
            Expect(result.VolumeId == (target?.VolumeId ?? (long)made[0]!["volumeID"]!), "the result names another volume");
            Expect(world.ReadLun(result.VolumeId).AsSpan().SequenceEqual(CrashWorld.Image), "the restored disk is not the snapshot's");
            Expect(status!.Root == await CrashWorld.ExpectedRootAsync(), "the root is not that of the volume");
        }

        var open = life.Get<IntentLedger>().Open(key).Where(intent => !(target is not null && intent.Role == "write")).Select(intent => $"{intent.Role} ({intent.State})").ToList();
        Expect(open.Count == 0, $"open intents: {string.Join(", ", open)}");
        Expect(life.Get<AuditTrail>().List(null, 0, 100).Any(line => line.What == "snapshot.restore" && (line.Outcome == "done") == succeeded), "the audit trail says nothing");
        var state = (await life.Get<DurableTaskClient>().Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, cancellation))?.State;
        Expect(state is null or { Granted.Count: 0, Waiting.Count: 0 }, "admission still holds slots");
        var history = await life.Get<DurableTaskClient>().GetOrchestrationHistoryAsync(ended.InstanceId, cancellation);
        Expect(history.OfType<ExecutionCompletedEvent>().Count() == 1, "the history does not have exactly one end");
        return faults;
    }
}
