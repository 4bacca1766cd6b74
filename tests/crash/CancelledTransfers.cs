using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Activities.RestoreSteps;
using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Tasks of exports and imports: a pool keeps one that nobody takes up for a day.</summary>
public sealed class CancelledTransfers
{
    private static readonly RequestKey s_key = new(new string('d', 32));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The call is on its way when a person changes his mind. Given up in the middle it would arrive all the same, after the undo had looked.</summary>
    [Theory]
    [InlineData(StepNames.HashSource, null)]
    [InlineData(StepNames.HashSource, 2L << 20)]
    [InlineData(StepNames.CopyStream, null)]
    [InlineData(StepNames.WriteVdi, null)]
    public async Task A_task_that_is_being_made_as_its_step_is_cancelled_does_not_stay(string step, long? hashed)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        using var wish = new CancellationTokenSource();
        var wire = new LateWire();
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var (pool, _, disk) = await AttachAsync(world, life);
        wire.Holds = method =>
        {
            if (method == "task.create") wish.Cancel();
            return Task.FromResult(false);
        };
        var source = await life.Step<InspectCopy>().RunAsync(null!, new InspectCopyInput(taken.Key));
        var folder = $"swf/zone-1/{Guid.Empty}/{s_key.Uuid}";
        Assert.NotNull(await Record.ExceptionAsync(() => step switch
        {
            StepNames.HashSource => life.Step<HashSource>(wish.Token).RunAsync(null!, new HashSourceInput(s_key, "production", disk, CrashWorld.VirtualSize) { HashedBytes = hashed }),
            StepNames.CopyStream => life.Step<CopyStream>(wish.Token).RunAsync(
                null!, new CopyStreamInput(new StreamTarget(s_key, "nfs1", folder, $"{folder}/{s_key.Uuid}.vhd", DataFormats.Vhd), "production", disk, CrashWorld.VirtualSize, world.Clock.GetUtcNow())),
            _ => (Task)life.Step<WriteVdi>(wish.Token).RunAsync(null!, new WriteVdiInput(s_key, "production", disk, Fresh: false, source)),
        }));
        Assert.True(wish.IsCancellationRequested);
        await wire.ReleaseAsync();
        Assert.Equal(1, world.Faults.CallsOf("xenserver", "task.create"));
        Assert.DoesNotContain(await pool.Tasks.ListAsync(Cancellation), IsOwn);
    }

    /// <summary>Whoever waited for it is gone. It is asked to stop before it is ended and dropped: something of the pool's may be at work on it, and hold the disk.</summary>
    [Theory]
    [InlineData("export")]
    [InlineData("import")]
    public async Task A_task_that_is_left_is_stopped_before_its_SR_is_taken_off_the_host(string role)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var (pool, sr, _) = await AttachAsync(world, life);
        await pool.Tasks.CreateAsync(s_key.NameFor(role), "SnapshotWorkflows", Cancellation);
        var theirs = await pool.Tasks.CreateAsync(new RequestKey(new string('e', 32)).NameFor(role), "SnapshotWorkflows", Cancellation);
        Assert.True(await life.Step<ForgetSr>().RunAsync(null!, new OwnedSrInput(s_key, "production", s_key.NameFor("sr"))));
        Assert.Equal((1, 1, 1), (world.Faults.CallsOf("xenserver", "task.cancel"), world.Faults.CallsOf("xenserver", "task.set_status"), world.Faults.CallsOf("xenserver", "task.destroy")));
        Assert.Equal(theirs, Assert.Single(await pool.Tasks.ListAsync(Cancellation), IsOwn).Ref);
        Assert.DoesNotContain(world.Production.Inventory().Srs, one => one.Uuid == sr);
    }

    private static bool IsOwn(XenTask task) => task.NameLabel.StartsWith("swf-", StringComparison.Ordinal);

    /// <summary>The volume's LUN with an SR of the request's own on it: the pool, the SR and its one disk.</summary>
    private static async Task<(XenServerClient Pool, string Sr, string Disk)> AttachAsync(CrashWorld world, Life life)
    {
        world.StopMachine();
        world.SetAccess(world.Volume.VolumeId, granted: true);
        var uuid = world.Production.World.IntroduceLvmSr(world.Array.Options.Svip, world.Volume.Iqn, s_key.NameFor("sr"));
        var pool = life.Get<IXenServerPools>().Get("production");
        var sr = (await pool.Srs.FindAsync(uuid, Cancellation))!;
        await pool.Srs.SetOtherConfigAsync(sr.Ref, new Dictionary<string, string>(StringComparer.Ordinal) { ["swf-installation"] = "crash-test", ["swf-key"] = s_key.Value, ["swf-role"] = "sr" }, Cancellation);
        return (pool, uuid, world.Production.World.VdisOf(uuid)[0]);
    }
}
