using System.Text.Json.Nodes;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.RevertSteps;
using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Calls that were not answered and take effect later: during the undo, in another freeze, after the end.</summary>
public sealed class LateEffects
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The undo looks, finds nothing, and does not take that for the end of it.</summary>
    [Theory]
    [InlineData("SR.introduce")]
    [InlineData("CloneVolume")]
    [InlineData("AddVolumesToVolumeAccessGroup")]
    public async Task What_comes_during_the_undo_is_taken_away(string method)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var wire = LateWire.HoldingFirst(method);
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var id = await life.PostAsync(Cancellation);
        await CancelWhenHeldAsync(life, wire, id);
        await life.Get<DurableEngine>().PumpAsync(async () => (await life.Get<DurableTaskClient>().GetInstanceAsync(id, getInputsAndOutputs: true, Cancellation))!.SerializedCustomStatus?.Contains("undo.unanswered", StringComparison.Ordinal) is true, Cancellation);
        await wire.ReleaseAsync();
        var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: false, Cancellation));
        Assert.Equal("cancelled", ended.ReadCustomStatusAs<SnapshotStatus>()!.Failure!.Code);
    }

    /// <summary>A clone cannot come so late, for its snapshot is gone; a volume that a restore asked for can.</summary>
    [Theory]
    [InlineData("SR.introduce")]
    [InlineData("CreateVolume")]
    public async Task What_comes_after_the_end_is_swept(string method)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        var wire = LateWire.HoldingFirst(method);
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var id = method == "CreateVolume"
            ? await life.PostRestoreAsync(taken.Key, """{"name":"back","accountId":1,"qos":{"minIops":100,"maxIops":1000,"burstIops":2000}}""", Cancellation)
            : await life.PostAsync(Cancellation, "another-request");
        await CancelWhenHeldAsync(life, wire, id);
        var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        Assert.Equal("cancelled", StepFault.From(ended.FailureDetails!).Code);
        Assert.Empty(life.Get<IntentLedger>().Open(new RequestKey(id)));
        var before = LeakSweeps.Everything(world);
        await wire.ReleaseAsync();
        Assert.NotEqual(before, LeakSweeps.Everything(world));
        world.Clock.Advance(TimeSpan.FromHours(25));
        var swept = (await LeakSweeps.SweepAsync(life, "late", dryRun: false)).ReadOutputAs<SweepLeaksResult>()!;
        Assert.True(swept is { Removed: 1, Left: 0 }, string.Join(Environment.NewLine, LeakSweeps.Report(life).Items));
        Assert.Equal(before, LeakSweeps.Everything(world));
    }

    /// <summary>The first death leaves an intent whose outcome is unknown, and the next attempt finds the SR; so nothing is waited for when the third life finds it forgotten.</summary>
    [Fact]
    public async Task An_SR_that_was_found_again_is_not_waited_for_when_it_is_gone()
    {
        using var world = new CrashWorld(new WorldOptions { Copy = "stream" });
        await DieAsync(world, "after SR.introduce");
        await DieAsync(world, "after SR.forget");
        var since = world.Clock.GetUtcNow();
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await life.RunAsync(Cancellation);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: true, Cancellation));
        Assert.InRange(world.Clock.GetUtcNow() - since, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    private static async Task DieAsync(CrashWorld world, string where)
    {
        var crash = new CrashSwitch(-1, where);
        try
        {
            await using var life = new Life(world, crash);
            await life.RunAsync(Cancellation);
        }
        catch (Exception death) when (Life.IsCrash(death))
        {
            // As planned: the next life finds what this one left.
        }

        Assert.Equal(where, crash.DiedAt);
    }

    /// <summary>A person may bring a deleted clone back, to look for something in it: that is no leak.</summary>
    [Fact]
    public async Task A_clone_that_was_brought_back_is_not_swept()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        await life.RunAsync(Cancellation);
        var clone = (long)Assert.Single(world.Array.Call("ListDeletedVolumes")["volumes"]!.AsArray())!["volumeID"]!;
        world.Array.Call("RestoreDeletedVolume", new JsonObject { ["volumeID"] = clone });
        world.Clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal(0, (await LeakSweeps.SweepAsync(life, "back", dryRun: false)).ReadOutputAs<SweepLeaksResult>()!.Removed);
        Assert.Contains(LeakSweeps.Report(life).Items, item => item is { Role: "clone", Verdict: LeakVerdicts.NotInLedger });
    }

    [Fact]
    public async Task Access_that_comes_after_it_was_taken_back_does_not_keep_the_clone()
    {
        using var world = new CrashWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey(await life.PostAsync(Cancellation));
        await life.Get<DurableEngine>().PumpAsync(() => life.Get<IntentLedger>().Find(key, "access")?.State == IntentStates.Made, Cancellation);
        var owned = new OwnedCloneInput(key, new ArrayVolume((await life.Get<SolidFireArrays>().OpenAsync(null, Cancellation)).Cluster.Uuid, world.Volume.VolumeId));
        var (arrays, intents, marker) = (life.Get<SolidFireArrays>(), life.Get<IntentLedger>(), life.Get<Marker>());
        var (clone, group) = (long.Parse(intents.Find(key, "clone")!.ObjectId!.Split(':')[0]), long.Parse(intents.Find(key, "access")!.ObjectId!));
        await new RevokeAccess(arrays, intents, marker, world.Clock, new NoExecution()).RunAsync(null!, owned);
        world.Array.Call("AddVolumesToVolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = group, ["volumes"] = new JsonArray(clone) });
        Assert.True(await new DeleteClone(arrays, intents, marker, world.Clock, new NoExecution()).RunAsync(null!, owned));
        Assert.Equal(clone, (long)Assert.Single(world.Array.Call("ListDeletedVolumes")["volumes"]!.AsArray())!["volumeID"]!);
    }

    /// <summary>The array takes no snapshot while the guest is frozen, and then one of those calls comes through while it runs: that one is not the frozen guest's.</summary>
    [Fact]
    public async Task A_snapshot_that_comes_between_two_freezes_is_not_taken_for_a_quiesced_one()
    {
        using var world = new CrashWorld(new WorldOptions { Quiesce = "hook", CopyBytesPerSecond = null });
        var (wire, freezes, late) = (new LateWire(), 0, 0L);
        wire.Holds = async method =>
        {
            if (method == "freeze" && ++freezes == 2)
            {
                await wire.ReleaseAsync(most: 1);
                late = (long)Assert.Single(world.Array.Call("ListSnapshots")["snapshots"]!.AsArray())!["snapshotID"]!;
            }

            return method == "CreateSnapshot" && freezes == 1;
        };
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var id = await life.PostAsync(Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => world.Faults.CallsOf("solidfire", "CloneVolume") > 0, Cancellation);
        Assert.NotEqual(0, late);
        Assert.NotEqual(late, (long)Assert.Single(world.Array.Call("ListSnapshots")["snapshots"]!.AsArray())!["snapshotID"]!);
        var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: true, Cancellation));
        Assert.Equal("quiesced", ended.ReadCustomStatusAs<SnapshotStatus>()!.Consistency);
    }

    /// <summary>Two snapshots of one request on the array: the one that was taken stays, whichever the array lists first.</summary>
    [Theory]
    [InlineData("\"keepOnPrimary\":true", "clone")]
    [InlineData("\"locationType\":\"primary\"", "keep")]
    public async Task A_snapshot_that_comes_beside_the_one_that_is_kept_goes(string how, string when)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var (wire, seen, created) = (new LateWire(), 0, 0);
        wire.Holds = async method =>
        {
            if (method == "CreateSnapshot" && ++seen == 1) return true;
            if (method == (when == "clone" ? "CloneVolume" : "ListSnapshots") && seen == 2 && ++created == 1) await wire.ReleaseAsync();
            return false;
        };
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var id = await life.PostAsync(
            "/api/snapshots", $$"""{"volumeId":"{{world.Volume.CloudStackId}}",{{how}}}""", (request, client) => life.Get<SnapshotTriggers>().CreateAsync(request, client, Cancellation), Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(id, Cancellation)).RuntimeStatus);
        Assert.Equal(2, world.Faults.CallsOf("solidfire", "CreateSnapshot"));
        var kept = Assert.Single(world.Array.Call("ListSnapshots")["snapshots"]!.AsArray())!;
        Assert.Null(kept["expirationTime"]);
        Assert.Equal(life.Get<IntentLedger>().Find(new RequestKey(id), "snap")!.ObjectId, kept["snapshotID"]!.ToString());
    }

    /// <summary>It came after the end, and bears the fuse that was taken off the other.</summary>
    [Fact]
    public async Task A_snapshot_that_comes_beside_the_kept_one_does_not_keep_it_from_being_gone_back_to()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var wire = LateWire.HoldingFirst("CreateSnapshot");
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var id = await life.PostAsync(
            "/api/snapshots", $$"""{"volumeId":"{{world.Volume.CloudStackId}}","keepOnPrimary":true}""", (request, client) => life.Get<SnapshotTriggers>().CreateAsync(request, client, Cancellation), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        await wire.ReleaseAsync();
        Assert.Equal(2, world.Array.Call("ListSnapshots")["snapshots"]!.AsArray().Count);
        world.StopMachine();
        var key = new RequestKey(id);
        await new InspectRollBack(life.Get<SolidFireArrays>(), life.Get<SnapshotIndex>(), life.Get<DurableTaskClient>(), life.Get<Marker>(), new NoExecution())
            .RunAsync(null!, new InspectRollBackInput(key, null, life.Get<SnapshotIndex>().Find(key)!.Primary!));
    }

    /// <summary>As an attempt of a node that slept does: its row comes between the next one's look and its call.</summary>
    [Theory]
    [InlineData("SR.introduce")]
    [InlineData("PBD.create")]
    public async Task What_an_earlier_attempt_introduces_between_look_and_call_is_the_requests_own(string call)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var calls = 0;
        var wire = new LateWire();
        wire.Holds = async method =>
        {
            if (method != call) return false;
            if (++calls == 2) await wire.ReleaseAsync();
            return calls == 1;
        };
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var ended = await life.RunAsync(Cancellation);
        Assert.True(calls > 1);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: true, Cancellation));
    }

    /// <summary>By the label, and by the uuid that the ledger wrote down: whose row it is.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_row_that_comes_between_look_and_call_is_taken_only_where_it_is_our_own(bool ours)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var (wire, came) = (new LateWire(), "");
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var blank = await BlankVolume.MakeAsync(world, life, Cancellation);
        world.Backup.World.ForgetSr(world.Backup.World.CreateLvmSr(world.Array.Options.Svip, blank.Input.Lun.Iqn, "a clone's"));
        wire.Holds = method =>
        {
            if (method == "SR.introduce" && came.Length == 0) came = world.Backup.World.IntroduceLvmSr(world.Array.Options.Svip, blank.Input.Lun.Iqn, ours ? BlankVolume.Key.NameFor("sr") : "another's");
            return Task.FromResult(false);
        };
        var introduce = life.Step<Activities.HostSteps.IntroduceSr>();
        if (ours) Assert.Equal(came = (await introduce.RunAsync(null!, blank.Input)).SrUuid, Assert.Single(world.Backup.Inventory().Srs, sr => sr.Label == BlankVolume.Key.NameFor("sr")).Uuid);
        else Assert.Equal("sr.held-by-another", (await StepRun.RefusalAsync(() => introduce.RunAsync(null!, blank.Input))).Code);
        Assert.NotEmpty(came);
    }

    /// <summary>Made when its export had another already, and none comes that would take it up: the undo ends it.</summary>
    [Fact]
    public async Task A_task_of_an_export_that_was_made_late_does_not_stay()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var wire = LateWire.HoldingFirst("task.create");
        var holds = wire.Holds;
        wire.Holds = async method =>
        {
            if (method == "task.destroy") await wire.ReleaseAsync();
            return await holds(method);
        };
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var ended = await life.RunAsync(Cancellation);
        Assert.Equal(0, wire.Held);
        Assert.True(world.Faults.CallsOf("xenserver", "task.create") > 1);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: true, Cancellation));
    }

    private static async Task CancelWhenHeldAsync(Life life, LateWire wire, string id)
    {
        var engine = life.Get<DurableEngine>();
        await engine.PumpAsync(() => wire.Held == 1, Cancellation);
        var raise = life.Get<DurableTaskClient>().RaiseEventAsync(id, "Cancel", "test", Cancellation);
        await engine.PumpAsync(() => raise.IsCompleted, Cancellation);
        await raise;
    }
}
