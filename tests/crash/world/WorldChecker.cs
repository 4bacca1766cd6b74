using System.Text.Json.Nodes;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>Looks at the world, not at return values: what is there, what is left, and whether all that tell of it agree.</summary>
internal static class WorldChecker
{
    /// <summary>Everything that is wrong; empty when the snapshot is whole, or was undone, and nothing is left.</summary>
    /// <param name="snapshots">Snapshots that are to be on the array.</param>
    /// <param name="copied">False where it ends with the array's snapshot.</param>
    public static async Task<IReadOnlyList<string>> FaultsAsync(CrashWorld world, Life life, OrchestrationMetadata ended, bool mustSucceed, CancellationToken cancellation, int snapshots = 0, bool copied = true)
    {
        var faults = new List<string>();
        void Expect(bool holds, string what)
        {
            if (!holds) faults.Add(what);
        }

        var succeeded = ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed;
        Expect(succeeded || !mustSucceed, $"ended {ended.RuntimeStatus}: {ended.FailureDetails}");
        Expect(succeeded || ended.RuntimeStatus == OrchestrationRuntimeStatus.Failed, $"ended {ended.RuntimeStatus}");
        foreach (var array in world.Arrays) OnArray(world, array, snapshots, Expect);
        OnPool(world.Production.Inventory(), ours: 0, Expect);
        OnPool(world.Backup.Inventory(), ours: 0, Expect);
        Expect(world.Agent.FrozenGuests().Count == 0, "a guest is frozen");
        await InStoreAsync(world, life, succeeded && copied, Expect, cancellation);
        InCatalog(life, ended, succeeded ? copied ? SnapshotState.BackedUp : SnapshotState.CreatedOnPrimary : SnapshotState.Error, Expect);
        await InAdmissionAsync(life, Expect, cancellation);
        await InHistoryAsync(life, ended, Expect, cancellation);
        NoSecrets(world, Expect);
        return faults;
    }

    /// <summary>Each array has one volume, and the two have the same id.</summary>
    private static void OnArray(CrashWorld world, Simulators.SolidFire.SolidFireSimulator array, int kept, Action<bool, string> expect)
    {
        var active = array.Call("ListActiveVolumes")["volumes"]!.AsArray();
        expect(active.Count == 1 && (long)active[0]!["volumeID"]! == world.Volume.VolumeId, $"{active.Count} active volumes on the array");
        var snapshots = array.Call("ListSnapshots")["snapshots"]!.AsArray();
        expect(snapshots.Count == kept, $"{snapshots.Count} snapshots on the array");
        foreach (var group in array.Call("ListVolumeAccessGroups")["volumeAccessGroups"]!.AsArray())
        {
            var volumes = group!["volumes"]!.AsArray().Select(id => (long)id!).Where(id => id != world.Volume.VolumeId).ToList();
            expect(volumes.Count == 0, $"access group {group["name"]} holds volume {string.Join(",", volumes)}");
        }

        var foreign = array.Call("ListISCSISessions")["sessions"]!.AsArray().Count(session => (long)session!["volumeID"]! != world.Volume.VolumeId);
        expect(foreign == 0, $"{foreign} iSCSI sessions to clones");
        expect(array.Call("ListSyncJobs")["syncJobs"]!.AsArray().Count == 0, "a clone job is running");
    }

    private static void OnPool(Simulators.XenServer.PoolInventory pool, int ours, Action<bool, string> expect)
    {
        var srs = pool.Srs.Where(sr => sr.Label.StartsWith("swf-", StringComparison.Ordinal)).ToList();
        expect(srs.Count == ours, $"pool {pool.Name} has SRs {string.Join(", ", srs.Select(sr => sr.Label))}");
        var kept = pool.Srs.Select(sr => sr.Uuid).ToHashSet(StringComparer.Ordinal);
        expect(pool.Pbds.All(pbd => kept.Contains(pbd.Sr)), $"pool {pool.Name} has a PBD without an SR");
        var disks = pool.Vdis.Where(vdi => vdi.Label.StartsWith("swf-", StringComparison.Ordinal)).ToList();
        expect(disks.Count == 0, $"pool {pool.Name} has VDIs {string.Join(", ", disks.Select(vdi => vdi.Label))}");
        expect(pool.Name == "production" || pool.Vbds.Count == 0, $"pool {pool.Name} has VBDs");
        expect(pool.Tasks.All(task => task.Status != "pending"), $"pool {pool.Name} has a pending task");
        expect(pool.FrozenVms.Count == 0, $"pool {pool.Name} has a paused VM");
    }

    private static async Task InStoreAsync(CrashWorld world, Life life, bool succeeded, Action<bool, string> expect, CancellationToken cancellation)
    {
        var files = Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(world.StorePath, file)).ToList();
        if (world.Options.Format == DataFormats.Chunks)
        {
            await InRepositoryAsync(world, life, files, succeeded, expect, cancellation);
            return;
        }

        var disks = files.Where(file => file.EndsWith(".vhd", StringComparison.Ordinal)).ToList();
        var manifests = files.Where(file => file.EndsWith(".manifest.json", StringComparison.Ordinal)).ToList();
        expect(disks.Count == (succeeded ? 1 : 0), $"{disks.Count} disks in the store");
        expect(manifests.Count == (succeeded ? 1 : 0), $"{manifests.Count} manifests in the store");
        expect(files.Count == disks.Count + manifests.Count, $"other files in the store: {string.Join(", ", files.Except(disks).Except(manifests))}");
        if (!succeeded || manifests.Count != 1) return;

        var store = life.Get<SecondaryDestinations>().Get(null).Store;
        var manifest = await new ManifestStore(store).ReadAsync(manifests[0], cancellation);
        expect(manifest.Location == disks[0], $"the manifest tells of {manifest.Location}, the store holds {disks[0]}");
        expect(manifest.Root == await CrashWorld.ExpectedRootAsync(), "the manifest's root is not that of the volume");
        var check = await new Secondary.Verify.VhdVerification(world.Clock).VerifyAsync(
            store, new Secondary.Verify.VerificationRequest { Location = manifest.Location, ExpectedRoot = new Secondary.DiskRoots.DiskRoot(manifest.Root) }, progress: null, cancellation);
        expect(check.Verdict == Secondary.Verify.VerificationVerdict.Match, $"the copy: {check.Summary}");
    }

    /// <summary>One snapshot, restored bit by bit; and once a collection has been through it nothing that nobody needs.</summary>
    private static async Task InRepositoryAsync(CrashWorld world, Life life, List<string> files, bool succeeded, Action<bool, string> expect, CancellationToken cancellation)
    {
        var destination = life.Get<SecondaryDestinations>().Get(null);
        var manifests = files.Where(file => file.EndsWith(".manifest.json", StringComparison.Ordinal)).ToList();
        expect(manifests.Count == (succeeded ? 1 : 0), $"{manifests.Count} manifests in the store");
        var others = files.Where(file => !file.StartsWith("swf/chunks/", StringComparison.Ordinal)).Except(manifests).ToList();
        expect(others.Count == 0, $"other files in the store: {string.Join(", ", others)}");
        if (!await destination.HasRepositoryAsync(cancellation))
        {
            expect(!succeeded, "there is no repository");
            return;
        }

        var repository = await destination.OpenRepositoryAsync(world.Clock, cancellation);
        await repository.CollectAsync(new Secondary.Chunks.ChunkCollectRequest { UndoCollections = 0 }, cancellation);
        expect((await repository.ListAsync(evenDeleted: true, cancellation)).Count == (succeeded ? 1 : 0), "the repository holds another number of snapshots");
        var report = await repository.VerifyAsync(new Secondary.Chunks.ChunkVerifyRequest(), progress: null, cancellation);
        expect(report.Sound, $"the repository: {string.Join(", ", report.Findings)}");
        var packs = Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories).Count(file => file.Contains("/packs/", StringComparison.Ordinal));
        expect(packs == report.Packs, $"{packs} packs, {report.Packs} are needed");
        if (!succeeded || manifests.Count != 1) return;
        var manifest = await new ManifestStore(destination.Store).ReadAsync(manifests[0], cancellation);
        expect(manifest.Root == await CrashWorld.ExpectedRootAsync(), "the manifest's root is not that of the volume");
        await using var copy = await Secondary.Copies.CopyDisk.OpenAsync(destination, manifest, world.Clock, cancellation);
        // Held against the root on the way: it comes to its end only where every byte is right.
        await using var raw = copy.OpenRaw();
        await raw.CopyToAsync(Stream.Null, cancellation);
    }

    private static void InCatalog(Life life, OrchestrationMetadata ended, SnapshotState state, Action<bool, string> expect)
    {
        var key = new RequestKey(ended.InstanceId);
        var row = life.Get<SnapshotIndex>().Find(key);
        expect(row is not null && row.Status.Ended, "the catalog does not say that it ended");
        expect(row?.Status.State == state, $"the catalog says {row?.Status.State}");
        var shown = ended.ReadCustomStatusAs<SnapshotStatus>();
        expect(shown is not null && row is not null && shown == row.Status, "the catalog and the instance's status differ");
        string[] keeps = state == SnapshotState.Error ? [] : row?.Primary is null ? ["manifest", "folder", "copy", "stream"] : ["manifest", "folder", "copy", "stream", "snap"];
        var open = life.Get<IntentLedger>().Open(key).Where(intent => !keeps.Contains(intent.Role)).Select(intent => $"{intent.Role} ({intent.State})").ToList();
        expect(open.Count == 0, $"open intents: {string.Join(", ", open)}");
    }

    private static async Task InAdmissionAsync(Life life, Action<bool, string> expect, CancellationToken cancellation)
    {
        var state = (await life.Get<DurableTaskClient>().Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, cancellation))?.State;
        expect(state is null or { Granted.Count: 0, Waiting.Count: 0 }, $"admission still knows of {state?.Granted.Count} grants and {state?.Waiting.Count} wishes");
    }

    private static async Task InHistoryAsync(Life life, OrchestrationMetadata ended, Action<bool, string> expect, CancellationToken cancellation)
    {
        var history = await life.Get<DurableTaskClient>().GetOrchestrationHistoryAsync(ended.InstanceId, cancellation);
        var completions = history.OfType<TaskCompletedEvent>().Select(done => done.TaskScheduledId).Concat(history.OfType<TaskFailedEvent>().Select(failed => failed.TaskScheduledId)).ToList();
        expect(completions.Count == completions.Distinct().Count(), "a step has two recorded completions");
        expect(history.OfType<ExecutionCompletedEvent>().Count() == 1, "the history does not have exactly one end");
        expect(history.OfType<ExecutionStartedEvent>().Count() == 1, "the history does not have exactly one start");
    }

    private static void NoSecrets(CrashWorld world, Action<bool, string> expect)
    {
        string[] canaries = [CrashWorld.ArrayPassword, CrashWorld.PoolPassword, CrashWorld.CloudSecret, CrashWorld.HookToken, CrashWorld.WebhookSecret, CrashWorld.CallbackSecret];
        foreach (var file in Directory.GetFiles(world.Folder, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".vhd", StringComparison.Ordinal) && !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            foreach (var canary in canaries)
            {
                expect(bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(canary)) < 0, $"{Path.GetFileName(file)} holds a secret");
            }
        }
    }
}
