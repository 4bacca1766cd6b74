using System.Globalization;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
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

    private static Task<string> PostAsync(CrashWorld world, Life life, bool kept) => life.PostAsync(
        "/api/snapshots", $$"""{"volumeId":"{{world.Volume.CloudStackId}}","keepOnPrimary":{{(kept ? "true" : "false")}}}""", (request, client) => life.Get<SnapshotTriggers>().CreateAsync(request, client, Cancellation), Cancellation);

    private static List<JsonObject> Snapshots(CrashWorld world) => [.. world.Array.Call("ListSnapshots")["snapshots"]!.AsArray().Select(one => one!.AsObject())];
}
