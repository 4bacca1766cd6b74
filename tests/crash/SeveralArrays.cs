using System.Text.Json.Nodes;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Simulators.SolidFire;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Two arrays at one installation. Each has a volume with the id, the name and the account id of the other's, so that whatever goes to the wrong one is seen.</summary>
public sealed class SeveralArrays(ITestOutputHelper output)
{
    private const string OtherAddress = "other.test:443";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_death_anywhere_ends_with_one_whole_copy_and_the_array_that_is_not_meant_is_never_written_to(bool onOther)
    {
        var faults = new List<string>();
        for (var point = 0; ; point += 23)
        {
            using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, TwoArrays = true, SourceOnOther = onOther });
            var crash = new CrashSwitch(point);
            try
            {
                await using var first = new Life(world, crash);
                await first.RunAsync(Cancellation);
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // As planned.
            }

            await using var second = new Life(world, CrashSwitch.Never);
            var ended = await second.RunAsync(Cancellation);
            faults.AddRange((await WorldChecker.FaultsAsync(world, second, ended, mustSucceed: true, Cancellation)).Select(fault => $"#{point} {crash.DiedAt}: {fault}"));
            var (mine, other) = onOther ? (world.OtherFaults, world.Faults) : (world.Faults, world.OtherFaults);
            foreach (var write in (string[])["CreateSnapshot", "CloneVolume", "AddVolumesToVolumeAccessGroup", "RemoveVolumesFromVolumeAccessGroup", "DeleteVolume", "DeleteSnapshot"])
            {
                if (mine.CallsOf("solidfire", write) == 0) faults.Add($"#{point}: no {write} on the array that is meant");
                if (other.CallsOf("solidfire", write) != 0) faults.Add($"#{point}: {write} on the other array");
            }

            if (crash.DiedAt is not null) continue;
            output.WriteLine($"{point} crash points");
            Assert.True(point > 80, $"only {point} crash points");
            Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(20)));
            return;
        }
    }

    /// <summary>Its address leads to another cluster now: copies of its volumes can still be deleted, and so expire. What was on it alone is deleted on an operator's word that it is lost.</summary>
    [Theory]
    [InlineData("\"keepOnPrimary\":false", false)]
    [InlineData("\"keepOnPrimary\":true", true)]
    [InlineData("\"locationType\":\"primary\"", true)]
    public async Task A_snapshot_from_an_array_that_was_retired_can_be_deleted(string how, bool kept)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, TwoArrays = true, SourceOnOther = true });
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await life.PostAsync(
            "/api/snapshots", $$"""{"volumeId":"{{world.Volume.CloudStackId}}",{{how}}}""", (request, client) => life.Get<SnapshotTriggers>().CreateAsync(request, client, Cancellation), Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(id, Cancellation)).RuntimeStatus);
        world.Network.Add(OtherAddress, world.Array);
        var key = new RequestKey(id);
        var primary = how.StartsWith("\"locationType\"", StringComparison.Ordinal);
        if (primary) Assert.Equal("array.other-cluster", StepFault.From((await Deletions.DeleteAsync(life, key)).FailureDetails!).Code);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await Deletions.DeleteAsync(life, key, arrayLost: primary)).RuntimeStatus);
        Assert.Equal(SnapshotState.Destroyed, life.Get<SnapshotIndex>().Find(key)!.Status.State);
        Assert.Empty(Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories));
        Assert.Equal(kept ? 1 : 0, life.Get<AuditTrail>().List(key.Uuid, 0, 20).Count(row => row is { What: "snapshot.delete", Outcome: "left" }));
    }

    [Fact]
    public async Task A_copy_is_restored_to_the_other_array_when_its_cluster_and_account_are_named()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld(new WorldOptions { CopyBytesPerSecond = null, TwoArrays = true });
        await using var life = new Life(world, CrashSwitch.Never);
        var cluster = world.Other!.Options.Uuid;
        var ended = await RestoreAsync(life, taken, $$"""{"name":"back","clusterUuid":"{{cluster}}","accountId":1}""");
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, $"{ended.FailureDetails}");
        var restored = ended.ReadOutputAs<RestoredVolume>()!;
        Assert.Equal(cluster.ToString(), restored.ClusterUuid);
        Assert.True(world.ReadLun(restored.VolumeId, world.Other).AsSpan().SequenceEqual(CrashWorld.Image), "the restored disk is not the snapshot's");
        Assert.Equal((1, 2), (Volumes(world.Array).Count, Volumes(world.Other).Count));
        Assert.Equal(0, world.Faults.CallsOf("solidfire", "CreateVolume"));
    }

    [Theory]
    [InlineData("""{"name":"back","clusterUuid":"77777777-4f0b-4d6c-9d32-0e5d1f7b2c22"}""", "restore.account-missing")]
    [InlineData("""{"name":"back","clusterUuid":"77777777-4f0b-4d6c-9d32-0e5d1f7b2c22","accountId":7}""", "restore.account-unknown")]
    [InlineData("""{"name":"back","clusterUuid":"99999999-4f0b-4d6c-9d32-0e5d1f7b2c22","accountId":1}""", "array.other-cluster")]
    public async Task A_restore_to_a_cluster_without_what_it_needs_is_refused_and_makes_nothing(string body, string code)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld(new WorldOptions { CopyBytesPerSecond = null, TwoArrays = true });
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RestoreAsync(life, taken, body);
        Assert.Equal(code, ended.ReadCustomStatusAs<RestoreStatus>()!.Failure!.Code);
        Assert.Equal((1, 1), (Volumes(world.Array).Count, Volumes(world.Other!).Count));
    }

    /// <summary>CloudStack's path is the disk's, so a detached volume is looked for by its name: on every array, or not at all.</summary>
    [Fact]
    public async Task A_target_is_found_on_whichever_array_has_it_and_two_of_its_name_are_refused()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld(new WorldOptions { CopyBytesPerSecond = null, TwoArrays = true });
        await using var life = new Life(world, CrashSwitch.Never);
        var target = world.AddDetached(CrashWorld.VirtualSize, world.Other);
        var body = $$"""{"targetVolumeId":"{{target.CloudStackId}}","overwrite":true}""";

        world.Network.Remove("array.test:443");
        var unheard = await RestoreAsync(life, taken, body);
        Assert.StartsWith("solidfire.", unheard.ReadCustomStatusAs<RestoreStatus>()!.Failure!.Code, StringComparison.Ordinal);
        world.Network.Add("array.test:443", world.Array);

        var ended = await RestoreAsync(life, taken, body, "again");
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, $"{ended.FailureDetails}");
        Assert.Equal(world.Other!.Options.Uuid.ToString(), ended.ReadOutputAs<RestoredVolume>()!.ClusterUuid);
        Assert.True(world.ReadLun(target.VolumeId, world.Other).AsSpan().SequenceEqual(CrashWorld.Image), "the target's disk is not the snapshot's");

        world.Array.Call("CreateVolume", new JsonObject { ["name"] = "spare", ["accountID"] = 1, ["totalSize"] = 1_000_000_000, ["enable512e"] = true, ["attributes"] = new JsonObject { ["CloudStackVolumeId"] = "5" } });
        Assert.Equal("restore.target-ambiguous", (await RestoreAsync(life, taken, body, "third")).ReadCustomStatusAs<RestoreStatus>()!.Failure!.Code);
    }

    [Fact]
    public async Task While_one_array_is_away_jobs_of_the_other_go_on_and_nothing_of_it_is_swept_or_said_to_be_missing()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, TwoArrays = true, SourceOnOther = true });
        var (left, _) = await LeakSweeps.TerminatedAtAsync(world, 84);
        Assert.NotNull(left);
        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromHours(25));
        var leaks = LeakSweeps.Left(world);
        Assert.Contains(leaks, leak => leak.StartsWith("volume", StringComparison.Ordinal));

        var (here, there) = (world.AddAttached("data-3", world.Array), world.AddAttached("data-4", world.Other!));

        world.Network.Remove(OtherAddress);
        await using (var life = new Life(world, CrashSwitch.Never))
        {
            await LeakSweeps.SweepAsync(life, "away", dryRun: false);
            Assert.Contains(LeakSweeps.Report(life).Unseen, unseen => unseen.Subject == "solidfire other");
            Assert.DoesNotContain(LeakSweeps.Report(life).Unseen, unseen => unseen.Subject == "solidfire array");
            Assert.Equal(Of("volume", leaks), Of("volume", LeakSweeps.Left(world)));
            Assert.Equal(Of("snapshot", leaks), Of("snapshot", LeakSweeps.Left(world)));
            var purge = (await LeakSweeps.RunAsync(life, nameof(PurgeDeleted), new PurgeDeletedInput("test") { EachArray = true }, "away")).ReadOutputAs<PurgeDeletedResult>()!;
            Assert.Equal("solidfire other", Assert.Single(purge.Left).Subject);

            Assert.Equal(OrchestrationRuntimeStatus.Completed, (await SnapshotAsync(life, here)).RuntimeStatus);
            var refused = await SnapshotAsync(life, there);
            Assert.True(refused.ReadCustomStatusAs<SnapshotStatus>()!.Failure!.Code.StartsWith("solidfire.", StringComparison.Ordinal), refused.ReadCustomStatusAs<SnapshotStatus>()!.Failure!.ToString());
        }

        world.Network.Add(OtherAddress, world.Other!);
        await using var back = new Life(world, CrashSwitch.Never);
        await LeakSweeps.SweepAsync(back, "back", dryRun: false);
        Assert.Empty(LeakSweeps.Report(back).Unseen);
        Assert.DoesNotContain(LeakSweeps.Left(world), leak => leak.StartsWith("volume", StringComparison.Ordinal) || leak.StartsWith("snapshot", StringComparison.Ordinal));
    }

    /// <summary>As a replicated volume would: the whole mark of a request of ours, on the array where it made nothing.</summary>
    [Fact]
    public async Task What_bears_our_whole_mark_on_the_other_array_survives_sweep_and_purge()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, TwoArrays = true });
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey((await life.RunAsync(Cancellation)).InstanceId);
        var active = Plant(world.Other!, key);
        var deleted = Plant(world.Other!, key);
        world.Other!.Call("DeleteVolume", new JsonObject { ["volumeID"] = deleted });
        var ours = Assert.Single(world.Array.Call("ListDeletedVolumes")["volumes"]!.AsArray());
        Assert.Equal((long)ours!["volumeID"]!, active);

        life.Get<Microsoft.Extensions.Options.IOptions<UpkeepOptions>>().Value.PurgeAtDeletedVolumes = 1;
        var purge = (await LeakSweeps.RunAsync(life, nameof(PurgeDeleted), new PurgeDeletedInput("test") { EachArray = true }, "now")).ReadOutputAs<PurgeDeletedResult>()!;
        Assert.Equal((1, "clone.not-in-ledger"), (purge.Purged, Assert.Single(purge.Left).Code));
        Assert.Empty(world.Array.Call("ListDeletedVolumes")["volumes"]!.AsArray());
        Assert.Equal(deleted, (long)Assert.Single(world.Other.Call("ListDeletedVolumes")["volumes"]!.AsArray())!["volumeID"]!);

        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromHours(25));
        var swept = (await LeakSweeps.SweepAsync(life, "one", dryRun: false)).ReadOutputAs<SweepLeaksResult>()!;
        Assert.Equal((0, 0), (swept.Leaks, swept.Failures.Count));
        Assert.Equal(LeakVerdicts.NotInLedger, Assert.Single(LeakSweeps.Report(life).Items, item => item.Scope == world.Other.Options.Uuid.ToString()).Verdict);
        Assert.Equal(2, Volumes(world.Other).Count);
    }

    [Fact]
    public async Task An_instance_started_when_there_was_one_array_purges_on_the_first()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, TwoArrays = true, SourceOnOther = true });
        await using var life = new Life(world, CrashSwitch.Never);
        await life.RunAsync(Cancellation);
        life.Get<Microsoft.Extensions.Options.IOptions<UpkeepOptions>>().Value.PurgeAtDeletedVolumes = 1;
        Assert.Equal(0, (await LeakSweeps.RunAsync(life, nameof(PurgeDeleted), new PurgeDeletedInput("test"), "old")).ReadOutputAs<PurgeDeletedResult>()!.Purged);
        Assert.Equal(1, (await LeakSweeps.RunAsync(life, nameof(PurgeDeleted), new PurgeDeletedInput("test") { EachArray = true }, "new")).ReadOutputAs<PurgeDeletedResult>()!.Purged);
    }

    [Fact]
    public async Task Two_entries_that_lead_to_one_cluster_stop_every_job_before_it_makes_anything()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, TwoArrays = true });
        world.Network.Add(OtherAddress, world.Array);
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await life.RunAsync(Cancellation);
        Assert.Equal("array.named-twice", ended.ReadCustomStatusAs<SnapshotStatus>()!.Failure!.Code);
        Assert.Equal(0, world.Faults.CallsOf("solidfire", "CreateSnapshot"));
        await LeakSweeps.SweepAsync(life, "twice", dryRun: false);
        Assert.All(LeakSweeps.Report(life).Unseen, unseen => Assert.Equal("array.named-twice", unseen.Code));
        Assert.NotEmpty(LeakSweeps.Report(life).Unseen);
    }

    private static async Task<OrchestrationMetadata> RestoreAsync(Life life, TakenCopy taken, string body, string? idempotencyKey = null) =>
        await life.Get<DurableEngine>().PumpAsync(await life.PostRestoreAsync(taken.Key, body, Cancellation, idempotencyKey), Cancellation);

    private static async Task<OrchestrationMetadata> SnapshotAsync(Life life, SampleVolume volume) => await life.Get<DurableEngine>().PumpAsync(
        await life.PostAsync(
            "/api/snapshots", $$"""{"volumeId":"{{volume.CloudStackId}}"}""", (request, client) => life.Get<Functions.Triggers.SnapshotTriggers>().CreateAsync(request, client, Cancellation), Cancellation, volume.CloudStackId),
        Cancellation);

    private static List<string> Of(string kind, List<string> left) => [.. left.Where(one => one.StartsWith(kind, StringComparison.Ordinal))];

    private static long Plant(SolidFireSimulator array, RequestKey key) => (long)array.Call("CreateVolume", new JsonObject
    {
        ["name"] = $"swf-{key.Value}-clone", ["accountID"] = 1, ["totalSize"] = 1_000_000_000, ["enable512e"] = true,
        ["attributes"] = new JsonObject { ["swf-installation"] = "crash-test", ["swf-key"] = key.Value, ["swf-role"] = "clone", ["swf-created"] = "2020-01-01T00:00:00Z" },
    })["volumeID"]!;

    private static JsonArray Volumes(SolidFireSimulator array) => array.Call("ListActiveVolumes")["volumes"]!.AsArray();
}
