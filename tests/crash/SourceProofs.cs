using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Activities.RestoreSteps;
using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>What makes a copy untrue, or a user's machine suffer, is refused before anything is made for it.</summary>
public sealed class SourceProofs
{
    private static readonly RequestKey s_key = new(new string('d', 32));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("snap", "group", "24:00:00", "crash-test", "array.own-snapshots")]
    [InlineData("snap", "saved", "24:00:00", "crash-test", null)]
    [InlineData("snap", "snap", null, "crash-test", null)]
    [InlineData("snap", "snap", "24:00:00", "other-site", null)]
    public async Task A_volume_with_two_short_lived_snapshots_of_ours_gets_no_third(string one, string other, string? retention, string installation, string? code)
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        foreach (var role in (string[])[one, other])
        {
            world.Array.Call("CreateSnapshot", new JsonObject
            {
                ["volumeID"] = world.Volume.VolumeId, ["name"] = role, ["retention"] = retention, ["attributes"] = new JsonObject { ["swf-installation"] = installation, ["swf-key"] = s_key.Value, ["swf-role"] = role },
            });
        }

        var inspect = life.Step<InspectArrayVolume>();
        var input = new InspectArrayVolumeInput(world.Volume.Iqn);
        if (code is null) Assert.Equal(world.Volume.VolumeId, (await inspect.RunAsync(null!, input)).Volume.VolumeId);
        else Assert.Equal((code, FaultKind.Busy), await CodeAsync(() => inspect.RunAsync(null!, input)));

        // Where the snapshot is there already, no room for another is needed.
        Assert.Equal(world.Volume.VolumeId, (await inspect.RunAsync(null!, input with { Taken = 1 })).Volume.VolumeId);
    }

    [Fact]
    public async Task An_SR_with_a_second_disk_is_no_source_and_no_clone()
    {
        using var world = NewWorld();
        world.Production.World.CreateVdi(world.Volume.SrUuid, 2 << 20, "a stranger");
        await using var life = new Life(world, CrashSwitch.Never);
        var volume = new CloudStackVolume(world.Volume.CloudStackId, "DATA-1", world.Volume.VdiUuid, world.Cloud.ZoneId, "tenant", world.Volume.CloudStackVmId, "web", CrashWorld.VirtualSize);
        Assert.Equal(("source.not-alone", FaultKind.Rejected), await CodeAsync(() => life.Step<InspectSource>().RunAsync(null!, new InspectSourceInput(volume))));
        Assert.Equal(("clone.vdi-count", FaultKind.Corrupt), await CodeAsync(() => life.Step<FindVdi>().RunAsync(null!, new FindVdiInput(s_key, "production", world.Volume.SrUuid))));
    }

    [Fact]
    public async Task An_SR_without_a_disk_is_no_clone()
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var blank = await BlankVolume.MakeAsync(world, life, Cancellation);
        var made = await life.Step<CreateSr>().RunAsync(null!, blank.Input);
        Assert.Equal(("clone.vdi-count", FaultKind.Corrupt), await CodeAsync(() => life.Step<FindVdi>().RunAsync(null!, new FindVdiInput(s_key, "backup", made.SrUuid))));
    }

    /// <summary>A pool that sees the originals gets a clone under uuids of its own only, and a dedicated one the clone that was asked for.</summary>
    [Theory]
    [InlineData(StepNames.IntroduceSr, ResignStrategies.Dedicated, false)]
    [InlineData(StepNames.IntroduceSr, ResignStrategies.Relvmoiscsi, true)]
    [InlineData(StepNames.ResignSr, ResignStrategies.Relvmoiscsi, false)]
    public async Task A_clone_that_bears_another_SR_than_it_must_is_not_used(string step, string strategy, bool sources)
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var blank = await BlankVolume.MakeAsync(world, life, Cancellation);
        var borne = world.Backup.World.CreateLvmSr(world.Array.Options.Svip, blank.Input.Lun.Iqn, "a clone's");
        world.Backup.World.ForgetSr(borne);
        var (before, written) = (world.Backup.Inventory().Srs.Count, blank.Written);
        var input = blank.Input with { Strategy = strategy, SourceSrUuid = sources ? borne : world.Volume.SrUuid };
        Assert.Equal(("sr.other-uuid", FaultKind.Corrupt), await CodeAsync(() => step == StepNames.IntroduceSr ? life.Step<IntroduceSr>().RunAsync(null!, input) : life.Step<ResignSr>().RunAsync(null!, input)));
        Assert.Equal((before, written), (world.Backup.Inventory().Srs.Count, blank.Written));
        Assert.Equal(0, world.Faults.CallsOf("xenserver", "SR.create") + world.Faults.CallsOf("xenserver", "SR.introduce"));
    }

    /// <summary>Its volume was moved between the group's snapshot and its turn: what would be copied is not what was taken.</summary>
    [Fact]
    public async Task A_member_whose_volume_is_another_now_copies_nothing()
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var spare = world.AddDetached(CrashWorld.VirtualSize);
        var snapshot = (long)world.Array.Call("CreateSnapshot", new JsonObject { ["volumeID"] = spare.VolumeId, ["name"] = "of the group" })["snapshotID"]!;
        var taken = new StorageSnapshot(snapshot, Guid.NewGuid().ToString(), world.Clock.GetUtcNow(), 1_000_000_000);
        var member = new GroupMembership(new RequestKey(new string('e', 32)), new ArrayVolume(world.Array.Options.Uuid.ToString(), spare.VolumeId), taken, "crash", null);
        var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(
            nameof(SnapshotVolume), new SnapshotVolumeInput { Key = s_key, VolumeId = world.Volume.CloudStackId, Caller = "test", Member = member, Group = member.Group }, new StartOrchestrationOptions(s_key.Value), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, Cancellation);
        Refused("group.other-volume", await life.Get<DurableEngine>().PumpAsync(await start, Cancellation));
        Assert.Equal(0, world.Faults.CallsOf("solidfire", "CloneVolume"));
        Assert.Equal([snapshot], world.Array.Call("ListSnapshots")["snapshots"]!.AsArray().Select(one => (long)one!["snapshotID"]!));
        Assert.Empty(Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_machine_whose_volumes_lie_on_two_arrays_is_not_frozen_for_a_group()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, TwoArrays = true, Quiesce = "hook" });
        world.AddAttached("data-2", world.Other!);
        await using var life = new Life(world, CrashSwitch.Never);
        Refused("group.several-arrays", await life.Get<DurableEngine>().PumpAsync(await life.PostGroupAsync(Cancellation), Cancellation));
        Assert.Equal(0, world.Faults.CallsOf("hook", "freeze"));
        Assert.All(world.Arrays, array => Assert.Empty(array.Call("ListSnapshots")["snapshots"]!.AsArray()));
    }

    /// <summary>Until somebody has said that CloudStack's high availability is off, a paused machine could be started a second time.</summary>
    [Fact]
    public async Task A_machine_is_not_paused_where_the_settings_do_not_allow_it()
    {
        using var world = new CrashWorld(new WorldOptions { Quiesce = "pause" });
        await using var watchdog = new PauseCrashes.Watchdog(world);
        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<IOptions<PauseOptions>>().Value.HighAvailabilityIsOff = false;
        var input = new FreezeInput(s_key, world.Volume.CloudStackVmId, "marker") { Pool = "production", VmUuid = world.Volume.VmUuid };
        Assert.Equal(("quiesce.pause-not-allowed", FaultKind.Rejected), await CodeAsync(() => life.Step<Freeze>().RunAsync(null!, input)));
        Assert.Equal(0, world.Faults.CallsOf("xenserver", "VM.pause") + world.Faults.CallsOf("xenserver", "VM.add_to_other_config"));
        Assert.Equal("Running", (await watchdog.MachineAsync()).PowerState);
        Assert.Empty(Directory.GetFiles(PauseCrashes.Watchdog.FolderOf(world), "*.arm"));
    }

    private static async Task<(string, FaultKind)> CodeAsync(Func<Task> step)
    {
        var fault = await StepRun.RefusalAsync(step);
        return (fault.Code, fault.Kind);
    }

    private static void Refused(string code, OrchestrationMetadata ended)
    {
        var fault = StepFault.From(ended.FailureDetails!);
        Assert.Equal(code, fault.Code);
        Assert.NotEmpty(fault.Remedy);
    }

    private static CrashWorld NewWorld() => new(new WorldOptions { CopyBytesPerSecond = null });
}
