using System.Text.Json.Nodes;
using SnapshotWorkflows.Activities.RestoreSteps;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A volume with our whole mark is deleted, purged, used or handed over only while nothing else says that it is somebody's. Once that is gone the same step does it: nothing but the one proof was in its way.</summary>
public sealed class DeletionProofs
{
    private static readonly RequestKey s_key = new(new string('d', 32));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("clone", "CloudStack", "clone.not-ours")]
    [InlineData("clone", "access group", "clone.in-access-group")]
    [InlineData("clone", "session", "clone.in-use")]
    [InlineData("volume", "CloudStack", "clone.not-ours")]
    [InlineData("volume", "access group", "clone.in-access-group")]
    [InlineData("volume", "session", "clone.in-use")]
    public async Task A_volume_that_somebody_uses_is_not_deleted(string role, string use, string code)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var id = Plant(world, role);
        using var session = use == "session" ? Login(world, id) : null;
        if (use == "CloudStack") Mark(world, id, role, whose: "CloudStack");
        if (use == "access group") Access(world, "Add", "To", id);

        Assert.Equal(code, (await StepRun.RefusalAsync(() => DeleteAsync(world, life, role))).Code);
        Assert.Contains(id, Ids(world, "ListActiveVolumes"));
        Assert.Equal(0, world.Faults.CallsOf("solidfire", "DeleteVolume") + world.Faults.CallsOf("solidfire", "RemoveVolumesFromVolumeAccessGroup"));

        session?.Dispose();
        if (use == "CloudStack") Mark(world, id, role);
        if (use == "access group") Access(world, "Remove", "From", id);
        Assert.True(await DeleteAsync(world, life, role));
        Assert.Equal([id], Ids(world, "ListDeletedVolumes"));
    }

    [Theory]
    [InlineData("clone", "CloudStack", "clone.not-ours")]
    [InlineData("volume", "CloudStack", "clone.not-ours")]
    [InlineData("clone", "name", "clone.not-ours")]
    [InlineData("clone", "key", "clone.not-ours")]
    [InlineData("volume", "installation", "clone.not-ours")]
    [InlineData("restored", "handed over", "clone.not-ours")]
    [InlineData("clone", "instance", "clone.instance-lives")]
    [InlineData("volume", "instance", "clone.instance-lives")]
    public async Task A_deleted_volume_that_may_be_somebodys_is_not_purged(string role, string whose, string code)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        // An instance that was asked for and has not had a turn yet lives.
        var key = whose == "instance" ? new RequestKey(await life.PostAsync(Cancellation)) : s_key;
        var cluster = world.Array.Options.Uuid.ToString();
        life.Get<IntentLedger>().Intend(key, role, "solidfire", cluster, "any");
        var id = Plant(world, role, key, whose == "name" ? "kept" : null);
        if (whose is "key" or "installation" or "CloudStack") Mark(world, id, role, key, whose);
        world.Array.Call("DeleteVolume", new JsonObject { ["volumeID"] = id });

        var purge = life.Step<PurgeClone>();
        var input = new DeletedClone(key, new ArrayVolume(cluster, id), world.Clock.GetUtcNow()) { Role = role == "clone" ? null : role };
        Assert.Equal(code, (await StepRun.RefusalAsync(() => purge.RunAsync(null!, input))).Code);
        Assert.Equal([id], Ids(world, "ListDeletedVolumes"));
        Assert.Equal(0, world.Faults.CallsOf("solidfire", "PurgeDeletedVolume"));
    }

    /// <summary>Access of its own is taken back before the deletion, and that would end the session: who was logged in could not be told any more.</summary>
    [Fact]
    public async Task A_clone_that_somebody_is_logged_in_to_keeps_its_access()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var id = Plant(world, "clone");
        Access(world, "Add", "To", id);
        life.Get<IntentLedger>().Intend(s_key, "access", "solidfire", world.Array.Options.Uuid.ToString(), $"{id} in {world.Group("production")}");
        using (Login(world, id))
        {
            Assert.Equal("clone.in-use", (await StepRun.RefusalAsync(() => DeleteAsync(world, life, "clone"))).Code);
            Assert.Equal(0, world.Faults.CallsOf("solidfire", "RemoveVolumesFromVolumeAccessGroup"));
        }

        Assert.True(await DeleteAsync(world, life, "clone"));
    }

    /// <summary>A person has brought it back since it was listed.</summary>
    [Fact]
    public async Task A_volume_that_is_not_deleted_is_not_purged()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var cluster = world.Array.Options.Uuid.ToString();
        life.Get<IntentLedger>().Intend(s_key, "clone", "solidfire", cluster, "any");
        var id = Plant(world, "clone");
        Assert.False(await life.Step<PurgeClone>().RunAsync(null!, new DeletedClone(s_key, new ArrayVolume(cluster, id), world.Clock.GetUtcNow())));
        Assert.Equal(0, world.Faults.CallsOf("solidfire", "PurgeDeletedVolume"));
    }

    /// <summary>No volume is listed until its job has ended, which may take hours.</summary>
    [Fact]
    public async Task A_clone_whose_job_runs_is_not_said_to_be_deleted()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var begun = world.Array.Call("CloneVolume", new JsonObject { ["volumeID"] = world.Volume.VolumeId, ["name"] = s_key.NameFor("clone"), ["attributes"] = WholeMark("clone", s_key) });
        var intents = life.Get<IntentLedger>();
        intents.Intend(s_key, "clone", "solidfire", world.Array.Options.Uuid.ToString(), "any");
        intents.Made(s_key, "clone", $"{begun["volumeID"]}:{begun["asyncHandle"]}");
        Assert.Equal("clone.in-doubt", (await StepRun.RefusalAsync(() => DeleteAsync(world, life, "clone"))).Code);
        Assert.NotNull(intents.Find(s_key, "clone"));
        world.Array.FinishJobs();
        Assert.True(await DeleteAsync(world, life, "clone"));
        Assert.Equal([(long)begun["volumeID"]!], Ids(world, "ListDeletedVolumes"));
    }

    /// <summary>Its making was not answered: that nothing is listed yet does not prove that nothing comes.</summary>
    [Theory]
    [InlineData("clone")]
    [InlineData("volume")]
    public async Task A_volume_that_may_still_come_is_not_said_to_be_deleted(string role)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var intents = life.Get<IntentLedger>();
        intents.Intend(s_key, role, "solidfire", world.Array.Options.Uuid.ToString(), "any");
        Assert.Equal("undo.unanswered", (await StepRun.RefusalAsync(() => DeleteAsync(world, life, role))).Code);
        Assert.NotNull(intents.Find(s_key, role));
        world.Clock.Advance(TimeSpan.FromMinutes(3));
        await DeleteAsync(world, life, role);
        Assert.Null(intents.Find(s_key, role));
    }

    /// <summary>Of what a step was handed the mark is asked all the same: it may be the wrong volume.</summary>
    [Theory]
    [InlineData(StepNames.CheckClone)]
    [InlineData(StepNames.HandOverVolume)]
    public async Task A_volume_without_our_mark_is_neither_used_nor_handed_over(string step)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var before = LeakSweeps.Everything(world);
        var users = new ArrayVolume(world.Array.Options.Uuid.ToString(), world.Volume.VolumeId);
        Assert.Equal("clone.not-ours", (await StepRun.RefusalAsync(() => step == StepNames.CheckClone
            ? life.Step<CheckClone>().RunAsync(null!, new CheckCloneInput(s_key, new CloneReceipt(users, null)))
            : life.Step<HandOverVolume>().RunAsync(null!, new HandOverInput(s_key, new CloneLun(users, world.Volume.Iqn, "", 0, ""), s_key.Uuid)))).Code);
        Assert.Equal(before, LeakSweeps.Everything(world));
    }

    private static Task<bool> DeleteAsync(CrashWorld world, Life life, string role)
    {
        var cluster = world.Array.Options.Uuid.ToString();
        return role == "clone"
            ? life.Step<DeleteClone>().RunAsync(null!, new OwnedCloneInput(s_key, new ArrayVolume(cluster, world.Volume.VolumeId)))
            : life.Step<DeleteVolume>().RunAsync(null!, new OwnedVolumeInput(s_key, cluster, "back"));
    }

    private static long Plant(CrashWorld world, string role, RequestKey? key = null, string? name = null)
    {
        var id = (long)world.Array.Call("CreateVolume", new JsonObject
        {
            ["name"] = name ?? (role == "clone" ? (key ?? s_key).NameFor("clone") : "back"), ["accountID"] = 1, ["totalSize"] = 1_000_000_000, ["enable512e"] = true,
        })["volumeID"]!;
        Mark(world, id, role, key);
        return id;
    }

    /// <summary>The whole mark; where it says whose, another's in one part, or CloudStack's besides.</summary>
    private static void Mark(CrashWorld world, long id, string role, RequestKey? key = null, string whose = "") => world.Array.Call("ModifyVolume", new JsonObject
    {
        ["volumeID"] = id,
        ["attributes"] = new JsonObject
        {
            ["swf-installation"] = whose == "installation" ? "other-site" : "crash-test",
            ["swf-key"] = whose == "key" ? new string('e', 32) : (key ?? s_key).Value,
            ["swf-role"] = role,
            [whose == "CloudStack" ? "CloudStackVolumeId" : "swf-created"] = "17",
        },
    });

    private static JsonObject WholeMark(string role, RequestKey key) => new() { ["swf-installation"] = "crash-test", ["swf-key"] = key.Value, ["swf-role"] = role };

    private static void Access(CrashWorld world, string verb, string preposition, long id) =>
        world.Array.Call($"{verb}Volumes{preposition}VolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = world.Group("production"), ["volumes"] = new JsonArray(id) });

    /// <summary>By the account's secret, so that no access group shows it.</summary>
    private static ILunSession Login(CrashWorld world, long id)
    {
        var iqn = (string)world.Array.Call("ListVolumes", new JsonObject { ["volumeIDs"] = new JsonArray(id) })["volumes"]![0]!["iqn"]!;
        return world.Array.Login(new InitiatorLogin("iqn.2026-01.test:somebody", iqn, ChapUsername: "tenant"))!;
    }

    private static List<long> Ids(CrashWorld world, string list) => [.. world.Array.Call(list)["volumes"]!.AsArray().Select(volume => (long)volume!["volumeID"]!)];
}
