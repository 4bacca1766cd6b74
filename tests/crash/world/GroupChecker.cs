using System.Text.Json.Nodes;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>What must be true after a group: a true copy of each volume and the group's manifest, or nothing; and nothing else anywhere.</summary>
internal static class GroupChecker
{
    public static async Task<IReadOnlyList<string>> FaultsAsync(CrashWorld world, Life life, OrchestrationMetadata ended, bool mustSucceed, CancellationToken cancellation)
    {
        var faults = new List<string>();
        void Expect(bool holds, string what)
        {
            if (!holds) faults.Add(what);
        }

        var succeeded = ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed;
        var status = ended.ReadCustomStatusAs<SnapshotGroupStatus>();
        Expect(succeeded || !mustSucceed, $"ended {ended.RuntimeStatus}: {ended.FailureDetails}");
        Expect(succeeded || ended.RuntimeStatus == OrchestrationRuntimeStatus.Failed, $"ended {ended.RuntimeStatus}");
        Expect(status is { Ended: true, Cleanup.Done: true } && status.State == (succeeded ? SnapshotState.BackedUp : SnapshotState.Error), $"the status says {status?.State}, ended {status?.Ended}");
        var members = status?.Members.Items ?? [];
        var backedUp = members.Where(member => member.State == SnapshotState.BackedUp).ToList();
        Expect(!succeeded || backedUp.Count == 2, $"{backedUp.Count} members are backed up");

        OnArray(world, Expect);
        foreach (var pool in (Simulators.XenServer.PoolInventory[])[world.Production.Inventory(), world.Backup.Inventory()])
        {
            Expect(!pool.Srs.Any(sr => sr.Label.StartsWith("swf-", StringComparison.Ordinal)), $"pool {pool.Name} has an SR of ours");
            Expect(pool.Name == "production" || (pool.Pbds.Count == 0 && pool.Vdis.Count == 0 && pool.Vbds.Count == 0), $"pool {pool.Name} has PBDs, VDIs or VBDs");
            Expect(pool.Tasks.All(task => task.Status != "pending"), $"pool {pool.Name} has a pending task");
        }

        Expect(world.Agent.FrozenGuests().Count == 0, "a guest is frozen");
        InStore(world, backedUp.Count, Expect);
        foreach (var member in members)
        {
            var key = RequestKey.TryParse(member.SnapshotId, out var parsed) ? parsed : default;
            var row = life.Get<SnapshotIndex>().Find(key);
            Expect(row is { Status.Ended: true } && row.Status.State == member.State && row.GroupId == new RequestKey(ended.InstanceId).Uuid, $"the catalog says {row?.Status.State} of {member.VolumeId}");
            if (member.State == SnapshotState.BackedUp)
                Expect(row!.Status.Root == (member.VolumeId == world.Volume.CloudStackId ? await CrashWorld.ExpectedRootAsync() : await CrashWorld.ExpectedSecondRootAsync()), $"the root of {member.VolumeId} is not that of the volume");
            string[] keeps = member.State == SnapshotState.BackedUp ? ["manifest", "folder", "copy", "stream"] : [];
            Open(life, key, keeps, Expect);
        }

        Open(life, new RequestKey(ended.InstanceId), backedUp.Count > 0 ? ["group-manifest"] : [], Expect);
        Expect(life.Get<AuditTrail>().List(null, 0, 100).Any(line => line.What == "snapshot.group" && (line.Outcome == "done") == succeeded), "the audit trail says nothing");
        var state = (await life.Get<DurableTaskClient>().Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, cancellation))?.State;
        Expect(state is null or { Granted.Count: 0, Waiting.Count: 0 }, "admission still holds slots");
        var history = await life.Get<DurableTaskClient>().GetOrchestrationHistoryAsync(ended.InstanceId, cancellation);
        Expect(history.OfType<ExecutionCompletedEvent>().Count() == 1, "the history does not have exactly one end");
        return faults;
    }

    private static void OnArray(CrashWorld world, Action<bool, string> expect)
    {
        var ours = new HashSet<long> { world.Volume.VolumeId, world.Second!.VolumeId };
        var active = world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray();
        expect(active.Count == 2, $"{active.Count} active volumes on the array");
        expect(world.Array.Call("ListSnapshots")["snapshots"]!.AsArray().Count == 0, "there are snapshots on the array");
        expect(world.Array.Call("ListGroupSnapshots")["groupSnapshots"]!.AsArray().Count == 0, "there is a group snapshot on the array");
        foreach (var group in world.Array.Call("ListVolumeAccessGroups")["volumeAccessGroups"]!.AsArray())
            expect(group!["volumes"]!.AsArray().All(id => ours.Contains((long)id!)), $"access group {group["name"]} holds a clone");
        expect(world.Array.Call("ListISCSISessions")["sessions"]!.AsArray().All(session => ours.Contains((long)session!["volumeID"]!)), "a session to a clone is open");
    }

    private static void InStore(CrashWorld world, int copies, Action<bool, string> expect)
    {
        var files = Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories);
        int Count(string suffix) => files.Count(file => file.EndsWith(suffix, StringComparison.Ordinal));
        expect(Count(".vhd") == copies && Count(".manifest.json") == copies, $"{Count(".vhd")} disks and {Count(".manifest.json")} manifests in the store for {copies} copies");
        expect(Count(".group.json") == (copies > 0 ? 1 : 0), $"{Count(".group.json")} group manifests in the store");
        expect(files.Length == (2 * copies) + (copies > 0 ? 1 : 0), $"other files in the store: {string.Join(", ", files.Select(Path.GetFileName))}");
        if (copies == 0) return;
        var manifest = JsonNode.Parse(File.ReadAllText(files.Single(file => file.EndsWith(".group.json", StringComparison.Ordinal))))!;
        expect((bool)manifest["complete"]! == (copies == 2) && manifest["members"]!.AsArray().Count == 2, "the group's manifest tells something else");
    }

    private static void Open(Life life, RequestKey key, string[] keeps, Action<bool, string> expect)
    {
        var open = life.Get<IntentLedger>().Open(key).Where(intent => !keeps.Contains(intent.Role)).Select(intent => $"{intent.Role} ({intent.State})").ToList();
        expect(open.Count == 0, $"open intents: {string.Join(", ", open)}");
    }
}
