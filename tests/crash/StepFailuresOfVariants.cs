using System.Text.Json.Nodes;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Every step is refused once of snapshots that stay on the array, that CloudStack took, that go into CloudStack's tree, or for which the machine is paused.</summary>
public sealed class StepFailuresOfVariants(ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("primary", 7)]
    [InlineData("kept", 31)]
    [InlineData("adopted", 32)]
    [InlineData("pause", 26)]
    [InlineData("path", 26)]
    public Task Of_a_snapshot(string kind, int least) => RefusedAsync(kind, least, kind == "pause" ? name => !IsRepeated(name) : null);

    /// <summary>The watchdog has threads of its own, and while it waits for them the clock goes on: how often a clone is looked at, or a session waited for, differs then from one telling to the next, and each of them is refused by itself.</summary>
    [Theory]
    [InlineData(StepNames.CheckClone)]
    [InlineData(StepNames.RevokeAccess)]
    public Task Of_what_a_snapshot_by_pause_does_as_often_as_it_takes(string step) => RefusedAsync("pause", 1, name => name == step);

    private static bool IsRepeated(string step) => step is StepNames.CheckClone or StepNames.RevokeAccess;

    private Task RefusedAsync(string kind, int least, Func<string, bool>? counts) => EachStep.RefusedAsync(output, least, counts, async (plan, faults) =>
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, Quiesce = kind == "pause" ? "pause" : "none" });
        await using var watchdog = kind == "pause" ? new PauseCrashes.Watchdog(world) : null;
        var adopted = kind == "adopted" ? SnapshotVariants.CloudSnapshot(world) : default;
        await using var life = new Life(world, CrashSwitch.Never, plan.Register);
        var ended = await SnapshotVariants.RunAsync(life, SnapshotVariants.Body(world, kind switch
        {
            "primary" => "\"locationType\":\"primary\"",
            "kept" => "\"keepOnPrimary\":true",
            "adopted" => $"\"adoptSnapshotId\":\"{adopted.Id}\"",
            "path" => "\"secondaryPath\":\"snapshots/2/17\"",
            _ => "\"quiesce\":\"pause\"",
        }));
        var succeeded = ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed;
        var stays = kind == "adopted" || (succeeded && kind is "primary" or "kept");
        faults.AddRange(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: false, Cancellation, stays ? 1 : 0, copied: kind != "primary"));
        if (stays && SnapshotVariants.Snapshots(world)[0]!["expirationTime"] is not null) faults.Add("what is kept bears a fuse");
        if (adopted.Id is not null && (long)SnapshotVariants.Snapshots(world)[0]!["snapshotID"]! != adopted.ArrayId) faults.Add("another snapshot is there than CloudStack's");
        if (succeeded && kind is "primary" or "kept" && life.Get<SnapshotIndex>().Find(new RequestKey(ended.InstanceId))!.Primary is null) faults.Add("it is not said to be on the array");
        if (world.Production.Inventory().Vms.Any(vm => vm.PowerState != "Running" || vm.OtherConfig.ContainsKey("swf-freeze"))) faults.Add("the machine is paused, or marked so");
    });

    /// <summary>What of the group's own steps is refused at its end is made good: both stay, without a fuse. Before the members begin it ends it, and neither stays.</summary>
    [Theory]
    [InlineData("""{"keepOnPrimary":true}""", 4)]
    [InlineData("""{"locationType":"primary"}""", 3)]
    public Task Of_a_group_that_stays_on_the_array(string body, int least)
    {
        string[] own = [StepNames.ListVmVolumes, StepNames.CreateGroupSnapshot, StepNames.KeepGroupSnapshot, StepNames.DeleteGroupSnapshot, StepNames.PublishGroup, StepNames.KeepStorageSnapshot];
        return EachStep.RefusedAsync(output, least, own.Contains, async (plan, faults) =>
        {
            using var world = SnapshotGroupFaults.World();
            await using var life = new Life(world, CrashSwitch.Never, plan.Register);
            var id = await life.PostAsync(
                $"/api/vms/{world.Volume.CloudStackVmId}/snapshots", body, (request, client) => life.Get<GroupTriggers>().CreateAsync(request, world.Volume.CloudStackVmId, client, Cancellation), Cancellation);
            var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
            var left = SnapshotVariants.Snapshots(world);
            if (left.Count != (ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed ? 2 : 0)) faults.Add($"it ended {ended.RuntimeStatus} with {left.Count} snapshots on the array");
            if (left.Any(one => one!["expirationTime"] is not null)) faults.Add("what is kept bears a fuse");
            if (life.Get<SnapshotIndex>().List(new SnapshotQuery()).Rows.Count(row => row.Primary is not null) != left.Count) faults.Add("the catalog says otherwise");
            if (world.Array.Call("ListActiveVolumes")["volumes"]!.AsArray().Count != 2) faults.Add("a clone is left");
        });
    }
}
