using System.Text.Json.Nodes;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Snapshots that stay on the array, that CloudStack took, that go into CloudStack's tree, and of volumes that only the array knows.</summary>
public sealed class SnapshotVariants
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_death_at_any_point_of_a_snapshot_on_the_array_alone_leaves_one_without_a_fuse_and_deleting_it_leaves_nothing()
    {
        var faults = new List<string>();
        for (var point = 0; ; point++)
        {
            using var world = NewWorld();
            var crash = new CrashSwitch(point);
            try
            {
                await using var first = new Life(world, crash);
                await RunAsync(first, Body(world, "\"locationType\":\"primary\""));
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // As planned.
            }

            await using var second = new Life(world, CrashSwitch.Never);
            var ended = await RunAsync(second, Body(world, "\"locationType\":\"primary\""));
            var key = new RequestKey(ended.InstanceId);
            var row = second.Get<SnapshotIndex>().Find(key);
            var snapshots = Snapshots(world);
            if (ended.RuntimeStatus != OrchestrationRuntimeStatus.Completed) faults.Add($"#{point} {crash.DiedAt}: {ended.FailureDetails}");
            if (row is not { Status: { State: SnapshotState.CreatedOnPrimary, Ended: true, Manifest: null }, Primary: not null }) faults.Add($"#{point} {crash.DiedAt}: the catalog says {row?.Status.State}");
            if (snapshots.Count != 1 || snapshots[0]!["expirationTime"] is not null) faults.Add($"#{point} {crash.DiedAt}: {snapshots.Count} snapshots on the array, expiring {snapshots.FirstOrDefault()?["expirationTime"]}");
            if (Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories).Length > 0) faults.Add($"#{point} {crash.DiedAt}: something is in the store");
            var deleted = await DeleteAsync(second, key);
            if (deleted.RuntimeStatus != OrchestrationRuntimeStatus.Completed || Snapshots(world).Count > 0) faults.Add($"#{point} {crash.DiedAt}: {Snapshots(world).Count} snapshots after the deletion");
            if (second.Get<SnapshotIndex>().Find(key)!.Status.State != SnapshotState.Destroyed) faults.Add($"#{point} {crash.DiedAt}: it is not Destroyed");
            if (crash.DiedAt is not null) continue;
            Assert.True(point > 20, $"only {point} crash points");
            Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(20)));
            return;
        }
    }

    /// <summary>The figure is asked for when the fuse is off: a user without the right to it must not hold the snapshot's end.</summary>
    [Fact]
    public async Task A_snapshot_on_the_array_alone_ends_where_the_array_never_tells_what_it_occupies()
    {
        using var world = NewWorld();
        world.Faults.Add(new Simulators.Fabric.FaultSpecification
        {
            System = "solidfire", Method = "GetVolumeStats", Action = Simulators.Fabric.FaultAction.Fail, ErrorName = "xPermissionDenied", Times = Simulators.Fabric.FaultSpecification.ForEver,
        });
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RunAsync(life, Body(world, "\"locationType\":\"primary\""));
        Assert.True(world.Faults.AllFired());
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        Assert.Null(Assert.Single(Snapshots(world))!["expirationTime"]);
        Assert.Null(Assert.Single(life.Get<UsageLedger>().List(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, null, null, "", 10)).PrimaryPhysicalBytes);
    }

    [Fact]
    public async Task A_snapshot_that_CloudStack_took_is_copied_and_stays_CloudStacks()
    {
        using var world = NewWorld();
        var (snapshot, arrayId) = CloudSnapshot(world);
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RunAsync(life, Body(world, $"\"adoptSnapshotId\":\"{snapshot}\""));
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        Assert.Equal(await CrashWorld.ExpectedRootAsync(), ended.ReadCustomStatusAs<SnapshotStatus>()!.Root);
        Assert.Equal(arrayId, (long)Assert.Single(Snapshots(world))!["snapshotID"]!);
        Assert.Equal(0, world.Faults.CallsOf("solidfire", "CreateSnapshot"));

        // The result stands on CloudStack's snapshot, whoever asked for the copy.
        Assert.Equal(("BackedUp", new RequestKey(ended.InstanceId).Uuid), (await TagAsync(life, snapshot, "swf-state"), await TagAsync(life, snapshot, "swf-copy")));

        // Deleting the copy leaves it too.
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await DeleteAsync(life, new RequestKey(ended.InstanceId))).RuntimeStatus);
        Assert.Single(Snapshots(world));
        Assert.Empty(Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories));
    }

    internal static async Task<string?> TagAsync(Life life, string snapshot, string key)
    {
        var find = life.Get<CloudStack.CloudStackClient>().ListSnapshotsAsync(new CloudStack.SnapshotFilter { Id = snapshot }, TestContext.Current.CancellationToken);
        await life.Get<DurableEngine>().PumpAsync(() => find.IsCompleted, TestContext.Current.CancellationToken);
        return (await find).Single().Tags.FirstOrDefault(tag => tag.Key == key)?.Value;
    }

    /// <summary>SfVolumeId: a volume that one of CloudStack's hosts copied into stands for the snapshot. It is cloned like any other and never deleted.</summary>
    [Fact]
    public async Task A_volume_that_CloudStack_copied_a_snapshot_into_is_cloned_and_stays_CloudStacks()
    {
        using var world = NewWorld();
        var (snapshot, native) = CloudSnapshot(world);
        var copied = (long)world.Array.Call("CloneVolume", new JsonObject
        {
            ["volumeID"] = world.Volume.VolumeId, ["snapshotID"] = native, ["name"] = $"DATA-1-{snapshot}", ["attributes"] = new JsonObject { ["CloudStackSnapshotId"] = "31" },
        })["volumeID"]!;
        world.Array.FinishJobs();
        world.Array.Call("DeleteSnapshot", new JsonObject { ["snapshotID"] = native });
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RunAsync(life, Body(world, $"\"adoptSnapshotId\":\"{snapshot}\""));
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, $"{ended.FailureDetails}");
        Assert.Equal(await CrashWorld.ExpectedRootAsync(), ended.ReadCustomStatusAs<SnapshotStatus>()!.Root);
        Assert.Empty(Snapshots(world));
        Assert.Equal([world.Volume.VolumeId, copied], world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray().Select(volume => (long)volume!["volumeID"]!).Order());
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await DeleteAsync(life, new RequestKey(ended.InstanceId))).RuntimeStatus);
        Assert.Equal(2, world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_copy_that_fails_leaves_the_adopted_snapshot_where_it_is()
    {
        using var world = NewWorld();
        var (snapshot, _) = CloudSnapshot(world);
        world.Faults.On("xenserver", "VDI.copy").ZeroExtent(4608 << 10, 64 << 10);
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RunAsync(life, Body(world, $"\"adoptSnapshotId\":\"{snapshot}\""));
        Assert.Equal("verify.mismatch", StepFault.From(ended.FailureDetails!).Code);
        Assert.Equal(("Error", "verify.mismatch"), (await TagAsync(life, snapshot, "swf-state"), await TagAsync(life, snapshot, "swf-code")));
        Assert.Single(Snapshots(world));
        Assert.Single(world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray());
    }

    [Fact]
    public async Task A_snapshot_that_is_unknown_or_of_another_volume_is_refused()
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RunAsync(life, Body(world, $"\"adoptSnapshotId\":\"{Guid.NewGuid()}\""));
        Assert.Equal("adopt.not-found", StepFault.From(ended.FailureDetails!).Code);
        Assert.Empty(Snapshots(world));
    }

    [Fact]
    public async Task A_secondary_path_gets_the_VHD_and_nothing_else_and_deleting_it_touches_nothing_beside_it()
    {
        using var world = NewWorld();
        var home = Directory.CreateDirectory(Path.Combine(world.StorePath, "snapshots", "2", "17")).FullName;
        var other = Path.Combine(home, $"{Guid.NewGuid()}.vhd");
        await File.WriteAllTextAsync(other, "CloudStack's own", Cancellation);
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RunAsync(life, Body(world, "\"secondaryPath\":\"snapshots/2/17\""));
        var status = ended.ReadCustomStatusAs<SnapshotStatus>()!;
        var key = new RequestKey(ended.InstanceId);
        Assert.Equal((SnapshotState.BackedUp, $"snapshots/2/17/{key.Uuid}.vhd"), (status.State, status.Location));
        Assert.Equal(new[] { other, Path.Combine(home, $"{key.Uuid}.vhd") }.Order(StringComparer.Ordinal), Directory.GetFiles(home).Order(StringComparer.Ordinal));

        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await DeleteAsync(life, key)).RuntimeStatus);
        Assert.Equal([other], Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_volume_that_only_the_array_knows_is_copied_for_operators()
    {
        using var world = NewWorld();
        var cluster = (string)world.Array.Call("GetClusterInfo")["clusterInfo"]!["uuid"]!;
        await using var life = new Life(world, CrashSwitch.Never);
        var body = $$"""{"solidFireVolumeId":{{world.Volume.VolumeId}},"clusterUuid":"{{cluster}}"}""";
        await Assert.ThrowsAsync<InvalidOperationException>(() => PostAsync(life, body, role: null));
        var ended = await life.Get<DurableEngine>().PumpAsync(await PostAsync(life, body, role: "operator"), Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        Assert.Equal(await CrashWorld.ExpectedRootAsync(), ended.ReadCustomStatusAs<SnapshotStatus>()!.Root);
        Assert.Empty(Snapshots(world));
    }

    /// <summary>A clone inherits what its source may do, by a policy or not; the settings say what it may do while it is read. Its source is left alone.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_clone_is_read_with_the_quality_of_service_of_the_settings(bool byPolicy)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, CopyQos = new SolidFire.CopyQosOptions { MinIops = 500, MaxIops = 2000, BurstIops = 4000 } });
        var slow = new JsonObject { ["minIOPS"] = 50, ["maxIOPS"] = 100, ["burstIOPS"] = 100 };
        var policy = byPolicy ? (long)world.Array.Call("CreateQoSPolicy", new JsonObject { ["name"] = "slow", ["qos"] = slow.DeepClone() })["qosPolicy"]!["qosPolicyID"]! : 0;
        world.Array.Call("ModifyVolume", byPolicy ? new JsonObject { ["volumeID"] = world.Volume.VolumeId, ["qosPolicyID"] = policy } : new JsonObject { ["volumeID"] = world.Volume.VolumeId, ["qos"] = slow.DeepClone() });
        // Not answered at first: set again it is the same.
        world.Faults.On("solidfire", "ModifyVolume").DropAnswer();
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await PostAsync(life, Body(world, "\"quiesce\":\"none\""), role: "operator");
        await life.Get<DurableEngine>().PumpAsync(() => world.Faults.CallsOf("solidfire", "AddVolumesToVolumeAccessGroup") > 0, Cancellation);
        var volumes = world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray();
        Assert.Equal((500L, 2000L, 4000L), Qos(volumes.Single(one => (long)one!["volumeID"]! != world.Volume.VolumeId)!));
        Assert.Equal((50L, 100L, 100L), Qos(volumes.Single(one => (long)one!["volumeID"]! == world.Volume.VolumeId)!));
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(id, Cancellation)).RuntimeStatus);
        Assert.True(world.Faults.AllFired());

        static (long, long, long) Qos(JsonNode volume) => ((long)volume["qos"]!["minIOPS"]!, (long)volume["qos"]!["maxIOPS"]!, (long)volume["qos"]!["burstIOPS"]!);
    }

    private static CrashWorld NewWorld() => new(new WorldOptions { CopyBytesPerSecond = null });

    internal static string Body(CrashWorld world, string member) => $$"""{"volumeId":"{{world.Volume.CloudStackId}}",{{member}}}""";

    internal static JsonArray Snapshots(CrashWorld world) => world.Array.Call("ListSnapshots")["snapshots"]!.AsArray();

    /// <summary>As the plug-in leaves it: on the array by name and attribute, in CloudStack's list as BackedUp.</summary>
    internal static (string Id, long ArrayId) CloudSnapshot(CrashWorld world)
    {
        var id = Guid.NewGuid().ToString();
        var taken = world.Array.Call("CreateSnapshot", new JsonObject { ["volumeID"] = world.Volume.VolumeId, ["name"] = $"DATA-1-{id}", ["attributes"] = new JsonObject { ["CloudStackSnapshotId"] = "31" } });
        world.Cloud.Add(new Simulators.CloudStack.CloudSnapshot(id, "daily", world.Volume.CloudStackId, "tenant", world.Cloud.ZoneId, "BackedUp", "PRIMARY", "MANUAL", "MANUAL", world.Clock.GetUtcNow()));
        return (id, (long)taken["snapshotID"]!);
    }

    private static Task<string> PostAsync(Life life, string body, string? role) => life.PostAsync(
        "/api/snapshots", body,
        (request, client) =>
        {
            if (role is not null) request.HttpContext.User = new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity([new(System.Security.Claims.ClaimTypes.Role, role)], "test"));
            return life.Get<SnapshotTriggers>().CreateAsync(request, client, Cancellation);
        },
        Cancellation);

    internal static async Task<OrchestrationMetadata> RunAsync(Life life, string body) => await life.Get<DurableEngine>().PumpAsync(await PostAsync(life, body, role: "operator"), Cancellation);

    private static async Task<OrchestrationMetadata> DeleteAsync(Life life, RequestKey key)
    {
        var engine = life.Get<DurableEngine>();
        var instance = DeleteSnapshotInput.InstanceOf(key);
        var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(
            nameof(DeleteSnapshot), new DeleteSnapshotInput(key, "test", "asked for"), new StartOrchestrationOptions(instance.Value), Cancellation);
        await engine.PumpAsync(() => start.IsCompleted, Cancellation);
        await start;
        return await engine.PumpAsync(instance.Value, Cancellation);
    }
}
