using System.Text.Json.Nodes;
using SnapshotWorkflows.Activities.GroupSteps;
using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Activities.RestoreSteps;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Names are not unique: what bears ours, and not our whole mark, is another's, and the step that takes our own away leaves it where it is.</summary>
public sealed class LookAlikeProofs
{
    private static readonly RequestKey s_key = new(new string('d', 32));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The name of a restored volume is a person's choice, so somebody else's may have it.</summary>
    [Theory]
    [InlineData("clone", null)]
    [InlineData("clone", "swf-installation")]
    [InlineData("clone", "swf-key")]
    [InlineData("clone", "swf-role")]
    [InlineData("volume", null)]
    [InlineData("volume", "swf-installation")]
    [InlineData("volume", "swf-key")]
    [InlineData("volume", "swf-role")]
    public async Task A_volume_of_our_name_is_deleted_only_with_our_whole_mark(string role, string? other)
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var theirs = Volume(world, role, other is null ? [] : Mark(role, other));
        Assert.False(await DeleteAsync(life, world, role));
        Assert.Contains(theirs, Ids(world, "ListActiveVolumes"));

        var ours = Volume(world, role, Mark(role));
        Assert.True(await DeleteAsync(life, world, role));
        Assert.Equal([ours], Ids(world, "ListDeletedVolumes"));
    }

    [Fact]
    public async Task A_snapshot_of_our_name_or_our_mark_alone_is_not_deleted()
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var name = s_key.NameFor("snap");
        long[] theirs =
        [
            Snapshot(world, name, []), Snapshot(world, name, Mark("snap", "swf-installation")), Snapshot(world, name, Mark("snap", "swf-key")), Snapshot(world, name, Mark("snap", "swf-role")),
            // Renamed, as a person does who keeps it.
            Snapshot(world, "kept by hand", Mark("snap")),
        ];
        Snapshot(world, name, Mark("snap"));
        Assert.True(await life.Step<DeleteStorageSnapshot>().RunAsync(null!, new StorageSnapshotInput(s_key, Source(world), TimeSpan.Zero)));
        Assert.Equal(theirs, Snapshots(world));
    }

    [Fact]
    public async Task A_group_snapshot_of_our_name_is_deleted_only_with_our_whole_mark_and_of_the_members_only_those_that_bear_it()
    {
        using var world = NewWorld(twoVolumes: true);
        await using var life = new Life(world, CrashSwitch.Never);
        var name = s_key.NameFor("group");
        foreach (var other in (string?[])[null, "swf-installation", "swf-key", "swf-role"]) Group(world, name, other is null ? [] : Mark("group", other));
        Snapshot(world, name, []);
        var theirs = Snapshots(world);
        Group(world, name, Mark("group"));
        var input = new GroupSnapshotInput(s_key, [Source(world), new ArrayVolume(Source(world).ClusterUuid, world.Second!.VolumeId)], TimeSpan.Zero);
        Assert.True(await life.Step<DeleteGroupSnapshot>().RunAsync(null!, input));
        Assert.Equal(theirs, Snapshots(world));
        Assert.Equal(4, world.Array.Call("ListGroupSnapshots")["groupSnapshots"]!.AsArray().Count);
    }

    /// <summary>The SR that is named is a user's, by a wrong input, and so is the disk in it.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("swf-installation")]
    [InlineData("swf-key")]
    [InlineData("swf-role")]
    public async Task A_disk_without_our_whole_mark_is_not_destroyed(string? other)
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var pool = life.Get<IXenServerPools>().Get("production");
        var sr = (await pool.Srs.FindAsync(world.Volume.SrUuid, Cancellation))!;
        await pool.Vdis.CreateAsync(new NewVdi { Sr = sr.Ref, NameLabel = s_key.NameFor("copy"), VirtualBytes = 2 << 20, OtherConfig = other is null ? null : Config("copy", other) }, Cancellation);
        var before = world.Production.Inventory().Vdis.Select(vdi => vdi.Uuid);
        Assert.False(await life.Step<DestroyDestinationVdi>().RunAsync(null!, new OwnedVdiInput(s_key, "production", sr.Uuid)));
        Assert.Equal(before, world.Production.Inventory().Vdis.Select(vdi => vdi.Uuid));
        Assert.Equal(0, world.Faults.CallsOf("xenserver", "VDI.destroy"));
    }

    /// <summary>The sweep had read its mark a while ago; since then the pool may have given the row to another call.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("swf-installation")]
    [InlineData("swf-key")]
    [InlineData("swf-role")]
    public async Task A_task_without_our_whole_mark_is_not_ended(string? other)
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var pool = life.Get<IXenServerPools>().Get("backup");
        var task = await pool.Tasks.CreateAsync("Copy of a disk", "another's", Cancellation);
        if (other is not null) await pool.Tasks.SetOtherConfigAsync(task, Config("copy-task", other), Cancellation);
        await life.Step<EndLeakedTask>().RunAsync(null!, new LeakedTask(s_key, "backup", (await pool.Tasks.FindAsync(task, Cancellation))!.Uuid));
        Assert.Equal(0, world.Faults.CallsOf("xenserver", "task.cancel") + world.Faults.CallsOf("xenserver", "task.destroy"));
        Assert.Equal("pending", Assert.Single(world.Backup.Inventory().Tasks).Status);
    }

    /// <summary>What a call that was not answered makes comes at any moment: right after the deletion of what there was, too.</summary>
    [Theory]
    [InlineData("clone", "clone.still-there")]
    [InlineData("volume", "restore.still-there")]
    [InlineData("snap", "snapshot.still-there")]
    [InlineData("group", "snapshot.still-there")]
    public async Task What_comes_while_the_one_before_is_deleted_is_not_said_to_be_gone(string role, string code)
    {
        using var world = NewWorld(twoVolumes: true);
        var (wire, late) = (new LateWire(), false);
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        life.Get<IntentLedger>().Intend(s_key, role, "solidfire", Source(world).ClusterUuid, "any");
        Make();
        var (last, looks) = (role switch { "snap" => "DeleteSnapshot", "group" => "ListGroupSnapshots", _ => "DeleteVolume" }, 0);
        wire.Holds = method =>
        {
            // A group's members are deleted one by one after it: what comes then is seen by the last look.
            if (method != last || ++looks < (role == "group" ? 2 : 1) || late) return Task.FromResult(false);
            late = true;
            Make();
            return Task.FromResult(false);
        };
        Assert.Equal(code, (await StepRun.RefusalAsync(DeleteAsync)).Code);
        Assert.True(late);
        Assert.NotNull(life.Get<IntentLedger>().Find(s_key, role));
        Assert.True(await DeleteAsync());
        Assert.Null(life.Get<IntentLedger>().Find(s_key, role));

        void Make() => _ = role switch
        {
            "snap" => Snapshot(world, s_key.NameFor(role), Mark(role)),
            "group" => Group(world, s_key.NameFor(role), Mark(role)),
            _ => Volume(world, role, Mark(role)),
        };

        Task<bool> DeleteAsync() => role switch
        {
            "snap" => life.Step<DeleteStorageSnapshot>().RunAsync(null!, new StorageSnapshotInput(s_key, Source(world), TimeSpan.Zero)),
            "group" => life.Step<DeleteGroupSnapshot>().RunAsync(null!, new GroupSnapshotInput(s_key, [Source(world)], TimeSpan.Zero)),
            _ => LookAlikeProofs.DeleteAsync(life, world, role),
        };
    }

    private static CrashWorld NewWorld(bool twoVolumes = false) => new(new WorldOptions { CopyBytesPerSecond = null, TwoVolumes = twoVolumes });

    private static ArrayVolume Source(CrashWorld world) => new(world.Array.Options.Uuid.ToString(), world.Volume.VolumeId);

    private static Task<bool> DeleteAsync(Life life, CrashWorld world, string role) => role == "clone"
        ? life.Step<DeleteClone>().RunAsync(null!, new OwnedCloneInput(s_key, Source(world)))
        : life.Step<DeleteVolume>().RunAsync(null!, new OwnedVolumeInput(s_key, Source(world).ClusterUuid, "back"));

    /// <summary>Our whole mark, or all of it but one part.</summary>
    private static Dictionary<string, string> Config(string role, string? other = null)
    {
        var mark = new Dictionary<string, string>(StringComparer.Ordinal) { ["swf-installation"] = "crash-test", ["swf-key"] = s_key.Value, ["swf-role"] = role, ["swf-created"] = "2026-01-01T00:00:00Z" };
        if (other is not null) mark[other] = other == "swf-key" ? new string('e', 32) : "another";
        return mark;
    }

    private static JsonObject Mark(string role, string? other = null) => new(Config(role, other).Select(part => KeyValuePair.Create<string, JsonNode?>(part.Key, part.Value)));

    private static long Volume(CrashWorld world, string role, JsonObject attributes) => (long)world.Array.Call("CreateVolume", new JsonObject
    {
        ["name"] = role == "clone" ? s_key.NameFor(role) : "back", ["accountID"] = 1, ["totalSize"] = 1_000_000_000, ["enable512e"] = true, ["attributes"] = attributes,
    })["volumeID"]!;

    private static long Snapshot(CrashWorld world, string name, JsonObject attributes) => (long)world.Array.Call("CreateSnapshot", new JsonObject
    {
        ["volumeID"] = world.Volume.VolumeId, ["name"] = name, ["attributes"] = attributes,
    })["snapshotID"]!;

    private static long Group(CrashWorld world, string name, JsonObject attributes) => (long)world.Array.Call("CreateGroupSnapshot", new JsonObject
    {
        ["volumes"] = new JsonArray(world.Volume.VolumeId, world.Second!.VolumeId), ["name"] = name, ["attributes"] = attributes,
    })["groupSnapshotID"]!;

    private static List<long> Snapshots(CrashWorld world) => [.. world.Array.Call("ListSnapshots")["snapshots"]!.AsArray().Select(one => (long)one!["snapshotID"]!).Order()];

    private static List<long> Ids(CrashWorld world, string list) => [.. world.Array.Call(list)["volumes"]!.AsArray().Select(volume => (long)volume!["volumeID"]!)];
}
