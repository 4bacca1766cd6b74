using System.Globalization;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.CatalogSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>What a request keeps on the array is there at its end, or is not said to be.</summary>
public sealed class KeptOnPrimary
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The fuse of a snapshot that is to stay outlasts the longest copy; it is still one, for a job whose database is lost.</summary>
    [Theory]
    [InlineData(true, 14 * 24)]
    [InlineData(false, 48)]
    public async Task The_fuse_outlasts_the_copy_and_comes_off_at_the_end(bool kept, int hours)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await PostAsync(world, life, kept);
        await life.Get<DurableEngine>().PumpAsync(() => world.Faults.CallsOf("solidfire", "CloneVolume") > 0, Cancellation);
        var taken = Assert.Single(Snapshots(world));
        var fuse = DateTimeOffset.Parse((string)taken["expirationTime"]!, CultureInfo.InvariantCulture) - DateTimeOffset.Parse((string)taken["createTime"]!, CultureInfo.InvariantCulture);
        Assert.Equal(hours, fuse.TotalHours, 0.1);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(id, Cancellation)).RuntimeStatus);
        if (kept) Assert.Null(Assert.Single(Snapshots(world))["expirationTime"]);
        else Assert.Empty(Snapshots(world));
    }

    [Fact]
    public async Task A_snapshot_that_is_gone_at_the_end_is_not_said_to_be_kept()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await PostAsync(world, life, kept: true);
        await life.Get<DurableEngine>().PumpAsync(() => Directory.GetFiles(world.StorePath, "*.manifest.json", SearchOption.AllDirectories).Length > 0, Cancellation);
        world.Array.Call("DeleteSnapshot", new JsonObject { ["snapshotID"] = (long)Assert.Single(Snapshots(world))["snapshotID"]! });
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(id, Cancellation)).RuntimeStatus);
        var row = life.Get<SnapshotIndex>().Find(new RequestKey(id))!;
        Assert.Equal((SnapshotState.BackedUp, null), (row.Status.State, row.Primary));
        Assert.Contains(life.Get<AuditTrail>().List(row.Key.Uuid, 0, 20), line => line is { What: "snapshot.keep", Outcome: "failed" });
    }

    /// <summary>Nothing else of it is anywhere, so there is no such snapshot.</summary>
    [Fact]
    public async Task One_on_the_array_alone_that_is_gone_at_the_end_has_failed()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await PostPrimaryAsync(world, life);
        await life.Get<DurableEngine>().PumpAsync(() => Snapshots(world).Count == 1, Cancellation);
        world.Array.Call("DeleteSnapshot", new JsonObject { ["snapshotID"] = (long)Assert.Single(Snapshots(world))["snapshotID"]! });
        var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        Assert.Equal((OrchestrationRuntimeStatus.Failed, "snapshot.not-kept"), (ended.RuntimeStatus, StepFault.From(ended.FailureDetails!).Code));
        var row = life.Get<SnapshotIndex>().Find(new RequestKey(id))!;
        Assert.Equal((SnapshotState.Error, true, null, "snapshot.not-kept"), (row.Status.State, row.Status.Ended, row.Primary, row.Status.Failure!.Code));
        Assert.Empty(life.Get<UsageLedger>().List(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, null, null, "", 10));
    }

    /// <summary>Begun under the program before, which said CreatedOnPrimary all the same: so ends its workflow, and then it must be possible to delete what is in the list.</summary>
    [Fact]
    public async Task One_of_an_older_version_that_is_gone_at_the_end_can_be_deleted()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey(new string('e', 32));
        var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(
            "SnapshotVolume", new SnapshotVolumeInput { Key = key, VolumeId = world.Volume.CloudStackId, Caller = "test", PrimaryOnly = true }, new StartOrchestrationOptions(key.Value) { Version = "2.3" }, Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, Cancellation);
        await start;
        await life.Get<DurableEngine>().PumpAsync(() => Snapshots(world).Count == 1, Cancellation);
        world.Array.Call("DeleteSnapshot", new JsonObject { ["snapshotID"] = (long)Assert.Single(Snapshots(world))["snapshotID"]! });
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(key.Value, Cancellation)).RuntimeStatus);
        Assert.Equal(SnapshotState.CreatedOnPrimary, life.Get<SnapshotIndex>().Find(key)!.Status.State);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await DeleteAsync(life, key)).RuntimeStatus);
        Assert.Equal(SnapshotState.Destroyed, life.Get<SnapshotIndex>().Find(key)!.Status.State);
    }

    /// <summary>A slip of the settings is enough for it: the snapshot is where it was, and is not said to be destroyed.</summary>
    [Fact]
    public async Task One_on_an_array_that_the_settings_do_not_lead_to_is_not_said_to_be_destroyed()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var (index, key) = (life.Get<SnapshotIndex>(), new RequestKey(await PostPrimaryAsync(world, life)));
        await life.Get<DurableEngine>().PumpAsync(key.Value, Cancellation);
        var there = index.Find(key)!.Primary!;
        index.Change(key, row => row with { Primary = there with { ClusterUuid = Guid.NewGuid().ToString() } });
        Assert.Equal("array.other-cluster", StepFault.From((await DeleteAsync(life, key)).FailureDetails!).Code);
        var row = index.Find(key)!;
        Assert.Equal((SnapshotState.CreatedOnPrimary, null, "array.other-cluster"), (row.Status.State, row.DeletedAt, row.Notice?.Code));
        Assert.Single(Snapshots(world));

        // The settings are put right again.
        index.Change(key, now => now with { Primary = there });
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await DeleteAsync(life, key)).RuntimeStatus);
        Assert.Equal((SnapshotState.Destroyed, null), (index.Find(key)!.Status.State, index.Find(key)!.Notice));
        Assert.Empty(Snapshots(world));
    }

    /// <summary>A client's repetition weeks later, its array there or retired: it was deleted when it was deleted, and what it is billed for ends there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_was_deleted_stays_so_when_that_is_asked_for_again(bool retired)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var (index, key) = (life.Get<SnapshotIndex>(), new RequestKey(await PostPrimaryAsync(world, life)));
        await life.Get<DurableEngine>().PumpAsync(key.Value, Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await DeleteAsync(life, key)).RuntimeStatus);
        var (deleted, usage) = (index.Find(key)!.DeletedAt, Usage(life));
        Assert.Equal((0L, 0L, CrashWorld.Image.Length, deleted), (usage.SecondaryVirtualBytes, usage.SecondaryPhysicalBytes, usage.PrimaryVirtualBytes, usage.DeletedAt));
        if (retired) index.Change(key, row => row with { Primary = row.Primary! with { ClusterUuid = Guid.NewGuid().ToString() } });
        world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddDays(20));
        var again = await DeleteAsync(life, key);
        Assert.Equal((OrchestrationRuntimeStatus.Completed, false), (again.RuntimeStatus, again.ReadOutputAs<DeleteSnapshotResult>()!.Deleted));
        var row = index.Find(key)!;
        Assert.Equal((SnapshotState.Destroyed, deleted, null), (row.Status.State, row.DeletedAt, row.Notice));
        Assert.Equal(usage, Usage(life));
        Assert.Single(life.Get<AuditTrail>().List(key.Uuid, 0, 20), line => line is { What: "snapshot.delete", Outcome: "done", Detail: "asked for" });
    }

    /// <summary>An array that was said to be lost is back: what it still holds goes with the next DELETE.</summary>
    [Fact]
    public async Task One_on_an_array_that_came_back_is_deleted_there_when_that_is_asked_for_again()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var (index, key) = (life.Get<SnapshotIndex>(), new RequestKey(await PostPrimaryAsync(world, life)));
        await life.Get<DurableEngine>().PumpAsync(key.Value, Cancellation);
        var there = index.Find(key)!.Primary!;
        index.Change(key, row => row with { Primary = there with { ClusterUuid = Guid.NewGuid().ToString() } });
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await DeleteAsync(life, key, arrayLost: true)).RuntimeStatus);
        var deleted = index.Find(key)!.DeletedAt;
        Assert.Single(Snapshots(world));
        world.Clock.AdvanceTo(world.Clock.GetUtcNow().AddDays(20));
        index.Change(key, row => row with { Primary = there });
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await DeleteAsync(life, key)).RuntimeStatus);
        Assert.Empty(Snapshots(world));
        Assert.Equal((SnapshotState.Destroyed, deleted), (index.Find(key)!.Status.State, index.Find(key)!.DeletedAt));
    }

    /// <summary>The store is lost, and the catalog has said so: what was kept on the array besides is all there is of it, and nobody else can take it away.</summary>
    [Fact]
    public async Task What_was_kept_beside_a_copy_that_is_lost_can_be_deleted()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var (index, key) = (life.Get<SnapshotIndex>(), new RequestKey(await PostAsync(world, life, kept: true)));
        await life.Get<DurableEngine>().PumpAsync(key.Value, Cancellation);
        foreach (var file in Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories)) File.Delete(file);
        await new CatalogRebuild(life.Get<SecondaryDestinations>(), index, life.Get<Marker>()).RunAsync(progress: null, Cancellation);
        var there = index.Find(key)!.Primary!;
        index.Change(key, row => row with { Primary = there with { ClusterUuid = Guid.NewGuid().ToString() } });
        Assert.Equal("array.other-cluster", StepFault.From((await DeleteAsync(life, key)).FailureDetails!).Code);
        Assert.Equal((SnapshotState.Error, "array.other-cluster"), (index.Find(key)!.Status.State, index.Find(key)!.Notice?.Code));
        index.Change(key, row => row with { Primary = there });
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await DeleteAsync(life, key)).RuntimeStatus);
        Assert.Empty(Snapshots(world));
        Assert.Equal(SnapshotState.Destroyed, index.Find(key)!.Status.State);
        Assert.Equal((0L, 0L), (Usage(life).SecondaryVirtualBytes, Usage(life).SecondaryPhysicalBytes));
    }

    private static UsageRecord Usage(Life life) => Assert.Single(life.Get<UsageLedger>().List(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, null, null, "", 10));

    private static Task<string> PostPrimaryAsync(CrashWorld world, Life life) => life.PostAsync(
        "/api/snapshots", $$"""{"volumeId":"{{world.Volume.CloudStackId}}","locationType":"primary"}""", (request, client) => life.Get<SnapshotTriggers>().CreateAsync(request, client, Cancellation), Cancellation);

    private static async Task<OrchestrationMetadata> DeleteAsync(Life life, RequestKey key, bool arrayLost = false)
    {
        var instance = DeleteSnapshotInput.InstanceOf(key).Value;
        var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync("DeleteSnapshot", new DeleteSnapshotInput(key, "test", "asked for") { ArrayLost = arrayLost }, new StartOrchestrationOptions(instance), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, Cancellation);
        await start;
        return await life.Get<DurableEngine>().PumpAsync(instance, Cancellation);
    }

    private static Task<string> PostAsync(CrashWorld world, Life life, bool kept) => life.PostAsync(
        "/api/snapshots", $$"""{"volumeId":"{{world.Volume.CloudStackId}}","keepOnPrimary":{{(kept ? "true" : "false")}}}""", (request, client) => life.Get<SnapshotTriggers>().CreateAsync(request, client, Cancellation), Cancellation);

    private static List<JsonObject> Snapshots(CrashWorld world) => [.. world.Array.Call("ListSnapshots")["snapshots"]!.AsArray().Select(one => one!.AsObject())];
}
