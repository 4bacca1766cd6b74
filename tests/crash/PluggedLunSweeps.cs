using System.Text.Json.Nodes;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A LUN that a host may have plugged is left by a sweep, with its access and its sessions; once that is excluded it goes.</summary>
public sealed class PluggedLunSweeps
{
    private const string Copy = "backup.test:443";

    private static readonly TimeSpan s_day = TimeSpan.FromHours(25);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Any pool: where the ledger came from a backup, the SR may be in another than it tells.</summary>
    [Theory]
    [InlineData(false, Copy)]
    [InlineData(false, "production.test:443")]
    [InlineData(true, Copy)]
    public async Task While_a_pool_cannot_be_listed_no_LUN_is_touched(bool restore, string pool)
    {
        using var world = await PluggedAsync(restore);
        var before = OnArray(world, pool == Copy);
        var away = pool == Copy ? world.Backup : world.Production;
        world.Network.Remove(pool);
        await using (var life = new Life(world, CrashSwitch.Never))
        {
            await LeakSweeps.SweepAsync(life, "away", dryRun: false);
            // What a pool that was listed shows is taken off it all the same.
            Assert.Equal(before, OnArray(world, pool == Copy));
            var lun = Assert.Single(LeakSweeps.Report(life).Items, item => item.Role == (restore ? "volume" : "clone"));
            Assert.Equal((LeakVerdicts.MayBePlugged, "reported"), (lun.Verdict, lun.Outcome));
            Assert.Contains(pool.Split('.')[0], lun.Reason, StringComparison.Ordinal);
        }

        world.Network.Add(pool, away);
        await SweptAsync(world);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_SR_in_a_pool_that_the_settings_no_longer_name_keeps_its_LUN(bool restore)
    {
        using var world = await PluggedAsync(restore);
        var before = OnArray(world);
        await using (var life = new Life(world, CrashSwitch.Never, pools: ["production"]))
        {
            await LeakSweeps.SweepAsync(life, "unnamed", dryRun: false);
            Assert.Empty(LeakSweeps.Report(life).Unseen);
            Assert.Equal(before, OnArray(world));
            Assert.Contains(LeakSweeps.Report(life).Items, item => item is { Verdict: LeakVerdicts.MayBePlugged } && item.Reason.Contains("pool backup", StringComparison.Ordinal));
        }

        await SweptAsync(world);
    }

    /// <summary>Pool and ledger both say that there is none: the array's sessions are the last witness, and taking access back would end them.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_keeps_the_access_of_a_LUN_whose_SR_is_hidden(bool restore)
    {
        using var world = await PluggedAsync(restore);
        var before = OnArray(world);
        await using (var life = new Life(world, CrashSwitch.Never))
        {
            var pool = life.Get<XenServer.IXenServerPools>().Get("backup");
            var sr = Assert.Single((await pool.Srs.ListAsync(Cancellation)), sr => IsOwn(sr.NameLabel));
            var marks = sr.OtherConfig;
            await pool.Srs.SetOtherConfigAsync(sr.Ref, new Dictionary<string, string>(StringComparer.Ordinal) { ["swf-key"] = "another's" }, Cancellation);
            await LeakSweeps.SweepAsync(life, "hidden", dryRun: false);
            Assert.True(before == OnArray(world), string.Join(Environment.NewLine, LeakSweeps.Report(life).Items));
            var lun = Assert.Single(LeakSweeps.Report(life).Items, item => item.Role == (restore ? "volume" : "clone"));
            Assert.Equal("left", lun.Outcome);
            Assert.StartsWith("clone.in-use", lun.Reason, StringComparison.Ordinal);

            // As one that is too young to go.
            await pool.Srs.SetOtherConfigAsync(sr.Ref, new Dictionary<string, string>(marks, StringComparer.Ordinal) { ["swf-created"] = $"{world.Clock.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}" }, Cancellation);
            await LeakSweeps.SweepAsync(life, "young", dryRun: false);
            Assert.Equal(before, OnArray(world));
            Assert.Contains(LeakSweeps.Report(life).Items, item => item is { Verdict: LeakVerdicts.MayBePlugged } && item.Reason.Contains(sr.Uuid, StringComparison.Ordinal));
            await pool.Srs.SetOtherConfigAsync(sr.Ref, marks, Cancellation);
        }

        await SweptAsync(world);
    }

    /// <summary>A job that was terminated while its LUN was plugged, a day ago.</summary>
    private static async Task<CrashWorld> PluggedAsync(bool restore)
    {
        var taken = restore ? await TakenCopy.GetAsync(Cancellation) : null;
        for (var point = restore ? 60 : 84; point < 200; point += 4)
        {
            var world = taken?.NewWorld() ?? new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
            if (taken is null)
            {
                await LeakSweeps.TerminatedAtAsync(world, point);
            }
            else if (await LeakSweepsOfWorkflows.DieAsync(world, new CrashSwitch(point), life => life.PostRestoreAsync(taken.Key, """{"name":"back","accountId":1}""", Cancellation)) is { } id)
            {
                await using var second = new Life(world, CrashSwitch.Never);
                await LeakSweepsOfWorkflows.TerminateAsync(second, id);
            }

            var inventory = world.Backup.Inventory();
            if (inventory.Srs.SingleOrDefault(sr => IsOwn(sr.Label)) is { } own && inventory.Pbds.Any(pbd => own.Pbds.Contains(pbd.Uuid) && pbd.Attached))
            {
                world.Clock.AdvanceTo(world.Clock.GetUtcNow() + s_day);
                return world;
            }

            world.Dispose();
        }

        throw new InvalidOperationException("At no crash point was the LUN plugged.");
    }

    private static bool IsOwn(string label) => label.StartsWith("swf-", StringComparison.Ordinal) && label.EndsWith("-sr", StringComparison.Ordinal);

    private static async Task SweptAsync(CrashWorld world)
    {
        await using var life = new Life(world, CrashSwitch.Never);
        var swept = (await LeakSweeps.SweepAsync(life, "last", dryRun: false)).ReadOutputAs<SweepLeaksResult>()!;
        Assert.True(swept is { Removed: > 0, Left: 0, Failures.Count: 0 }, string.Join(Environment.NewLine, swept.Failures));
        Assert.Empty(LeakSweeps.Left(world));
    }

    /// <summary>Volumes, who reaches them, and who is logged in.</summary>
    private static string OnArray(CrashWorld world, bool sessions = true) => new JsonArray(
        world.Array.Call("ListActiveVolumes")["volumes"]!.DeepClone(), world.Array.Call("ListVolumeAccessGroups")["volumeAccessGroups"]!.DeepClone(),
        sessions ? world.Array.Call("ListISCSISessions")["sessions"]!.DeepClone() : null).ToJsonString();
}
