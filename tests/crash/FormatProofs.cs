using System.Text.Json.Nodes;
using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Activities.RestoreSteps;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>CreateSr is the one step that formats. Where a single one of its proofs does not hold it refuses by that proof's code, and not one byte is written; no other step formats what it finds empty.</summary>
public sealed class FormatProofs
{
    private static readonly RequestKey s_key = BlankVolume.Key;

    /// <summary>What is wrong with the one volume, and what it is refused with.</summary>
    private static readonly Dictionary<string, (string Code, Action<BlankVolume> Spoil)> s_spoils = new(StringComparer.Ordinal)
    {
        ["it is deleted"] = ("format.gone", blank => blank.Call("DeleteVolume")),
        ["the ledger does not know it"] = ("format.not-ours", blank => blank.Intents.Gone(s_key, "volume")),
        ["the ledger knows no answer to its making"] = ("format.not-ours", blank => blank.Intents.Intend(s_key, "volume", "solidfire", blank.Input.Lun.Volume.ClusterUuid, "back")),
        ["the ledger says that another was made"] = ("format.not-ours", blank => blank.Intents.Made(s_key, "volume", blank.World.Volume.VolumeId.ToString())),
        ["it bears another installation's mark"] = ("format.not-ours", blank => blank.Mark("swf-installation", "other-site")),
        ["it bears another request's mark"] = ("format.not-ours", blank => blank.Mark("swf-key", new string('e', 32))),
        ["it was handed over"] = ("format.not-ours", blank => blank.Mark("swf-role", "restored")),
        ["CloudStack uses it"] = ("format.not-ours", blank => blank.Mark("CloudStackVolumeId", "17")),
        ["it was made a day ago"] = ("format.too-old", blank => blank.World.Clock.Advance(TimeSpan.FromHours(25))),
        ["it has a snapshot"] = ("format.has-snapshots", blank => blank.Call("CreateSnapshot")),
        ["it is in a second access group"] = ("format.access", blank => blank.Access("AddVolumesToVolumeAccessGroup", "production")),
        ["it is in another pool's access group alone"] = ("format.access", blank =>
        {
            blank.Access("RemoveVolumesFromVolumeAccessGroup", "backup");
            blank.Access("AddVolumesToVolumeAccessGroup", "production");
        }),
        ["another host is logged in"] = ("format.in-use", blank => Login(blank, blank.World.Backup.Inventory().Hosts[1].InitiatorIqn)),
        ["the copy host itself has written to it"] = ("format.written", blank =>
        {
            using var session = Login(blank, blank.Host.InitiatorIqn);
            session.Lun.Write(64 << 20, new byte[4096]);
        }),
    };

    public static TheoryData<string> Spoils => [.. s_spoils.Keys];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Spoils))]
    public async Task A_volume_of_which_one_thing_does_not_hold_is_not_formatted(string what)
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var blank = await BlankVolume.MakeAsync(world, life, Cancellation);
        var (code, spoil) = s_spoils[what];
        spoil(blank);
        await RefusedAsync(blank, code, () => life.Step<CreateSr>().RunAsync(null!, blank.Input));
    }

    [Fact]
    public async Task A_volume_of_which_all_holds_is_formatted_once()
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var blank = await BlankVolume.MakeAsync(world, life, Cancellation);
        var made = await life.Step<CreateSr>().RunAsync(null!, blank.Input);
        Assert.Equal(made, await life.Step<CreateSr>().RunAsync(null!, blank.Input));
        Assert.Equal(1, world.Faults.CallsOf("xenserver", "SR.create"));
    }

    /// <summary>All proofs are of the new volume, and the target that would be formatted is a user's.</summary>
    [Fact]
    public async Task A_target_that_is_another_volumes_is_not_formatted()
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var blank = await BlankVolume.MakeAsync(world, life, Cancellation);
        world.Array.Call("AddVolumesToVolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = world.Group("backup"), ["volumes"] = new JsonArray(world.Volume.VolumeId) });
        await RefusedAsync(blank, "format.not-ours", () => life.Step<CreateSr>().RunAsync(null!, blank.Input with { Lun = blank.Input.Lun with { Iqn = world.Volume.Iqn } }));
    }

    /// <summary>Between the array's word that nothing was ever written and the look at the LUN somebody makes an SR there.</summary>
    [Fact]
    public async Task A_LUN_that_got_an_SR_a_moment_ago_is_not_formatted()
    {
        using var world = NewWorld();
        var wire = new LateWire();
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var blank = await BlankVolume.MakeAsync(world, life, Cancellation);
        string? theirs = null;
        wire.Holds = method =>
        {
            if (method == "SR.probe") theirs ??= MakeSr(blank);
            return Task.FromResult(false);
        };
        await RefusedAsync(blank, "format.not-empty", () => life.Step<CreateSr>().RunAsync(null!, blank.Input));
        Assert.Equal(theirs, world.Backup.World.IntroduceLvmSr(world.Array.Options.Svip, blank.Input.Lun.Iqn, "again"));
    }

    /// <summary>An earlier attempt may have formatted: what pool and LUN agree on is taken, and nothing is formatted over.</summary>
    [Theory]
    [InlineData(false, true, false, "sr.ambiguous")]
    [InlineData(true, false, false, FaultCodes.FormatOutcomeUnknown)]
    [InlineData(true, true, false, "format.under-way")]
    [InlineData(true, true, true, FaultCodes.FormatOutcomeUnknown)]
    public async Task A_volume_that_may_have_been_formatted_is_not_formatted_again(bool asked, bool row, bool onLun, string code)
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var blank = await BlankVolume.MakeAsync(world, life, Cancellation);
        if (asked) blank.Intents.Intend(s_key, "format", "xenserver", "backup", blank.Id.ToString());
        if (row) await life.Get<IXenServerPools>().Get("backup").Srs.IntroduceAsync(Guid.NewGuid().ToString(), s_key.NameFor("sr"), "", SrCalls.LvmOverIscsi, "user", shared: false, Cancellation);
        if (onLun) MakeSr(blank);
        await RefusedAsync(blank, code, () => life.Step<CreateSr>().RunAsync(null!, blank.Input));
    }

    /// <summary>Of a clone something is expected on the LUN; that nothing is there is no reason to put it there.</summary>
    [Theory]
    [InlineData(StepNames.IntroduceSr)]
    [InlineData(StepNames.ResignSr)]
    public async Task A_clone_that_shows_no_SR_is_not_formatted(string step)
    {
        using var world = NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var blank = await BlankVolume.MakeAsync(world, life, Cancellation);
        await RefusedAsync(blank, "sr.none-on-clone", () => step == StepNames.IntroduceSr ? life.Step<IntroduceSr>().RunAsync(null!, blank.Input) : life.Step<ResignSr>().RunAsync(null!, blank.Input));
    }

    private static async Task RefusedAsync(BlankVolume blank, string code, Func<Task> step)
    {
        var (world, before, attached) = (blank.World, blank.Written, blank.World.Backup.Inventory().Pbds.Count);
        Assert.Equal(code, (await StepRun.RefusalAsync(step)).Code);
        Assert.Equal(0, world.Faults.CallsOf("xenserver", "SR.create"));
        Assert.Equal(attached, world.Backup.Inventory().Pbds.Count);
        if (code != "format.not-empty") Assert.Equal(before, blank.Written);
    }

    private static string MakeSr(BlankVolume blank)
    {
        var pool = blank.World.Backup.World;
        var sr = pool.CreateLvmSr(blank.World.Array.Options.Svip, blank.Input.Lun.Iqn, "another's");
        pool.ForgetSr(sr);
        return sr;
    }

    private static ILunSession Login(BlankVolume blank, string initiator) => blank.World.Array.Login(initiator, blank.Input.Lun.Iqn)!;

    private static CrashWorld NewWorld() => new(new WorldOptions { CopyBytesPerSecond = null });
}
