using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Tests.Crash.World;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A pause that nobody answered for and that comes after the thaw: the machine goes on all the same.</summary>
public sealed class LatePauses
{
    private static readonly FreezeInput s_input = new(new RequestKey(new string('a', 32)), "vm", "swf-late-freeze") { Pool = "production" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_that_comes_after_the_thaw_was_asked_for_ends_within_ten_seconds()
    {
        using var world = new CrashWorld();
        var (input, wire) = (s_input with { VmUuid = world.Volume.VmUuid }, LateWire.HoldingFirst("Async.VM.pause"));
        var (pause, _) = Pause(world, wire);
        await FreezeInVainAsync(world, pause, input);
        await using var watchdog = new PauseCrashes.Watchdog(world);
        Assert.Equal("Running", (await watchdog.MachineAsync()).PowerState);

        // Neither the thaw nor another freeze takes it for over: mark and arm stay.
        Assert.Equal("quiesce.pause-unanswered", await CodeAsync(() => pause.ThawAsync(input, Cancellation)));
        Assert.Equal("quiesce.pause-unanswered", await CodeAsync(() => pause.FreezeAsync(input, Cancellation, Cancellation)));
        world.Clock.Advance(TimeSpan.FromSeconds(20));
        await wire.ReleaseAsync();
        Assert.Equal("Paused", (await watchdog.MachineAsync()).PowerState);
        for (var until = world.Clock.GetUtcNow() + TimeSpan.FromSeconds(10); world.Clock.GetUtcNow() < until;)
        {
            world.Clock.Advance(TimeSpan.FromMilliseconds(200));
            await watchdog.SettleAsync();
        }

        Assert.Equal("Running", (await watchdog.MachineAsync()).PowerState);
        Assert.Equal(new ThawReceipt(false, 0), await pause.ThawAsync(input, Cancellation));
        await DemandNothingLeftAsync(world, watchdog);
    }

    /// <summary>XAPI holds a pause up for as long as another operation has the machine, and lists its task meanwhile.</summary>
    [Fact]
    public async Task One_that_never_comes_is_over_when_the_pool_lists_it_no_more()
    {
        using var world = new CrashWorld();
        await using var watchdog = new PauseCrashes.Watchdog(world, watching: false);
        var input = s_input with { VmUuid = world.Volume.VmUuid };
        var (pause, pool) = Pause(world, LateWire.HoldingFirst("Async.VM.pause"));
        await FreezeInVainAsync(world, pause, input);
        var waits = await pool.Tasks.CreateAsync("Async.VM.pause", "", Cancellation);
        world.Clock.Advance(TimeSpan.FromMinutes(90));
        Assert.Equal("quiesce.pause-unanswered", await CodeAsync(() => pause.ThawAsync(input, Cancellation)));
        Assert.Contains("swf-freeze", (await watchdog.MachineAsync()).OtherConfig.Keys);
        await pool.Tasks.EndCancelledAsync(waits, Cancellation);
        Assert.False((await pause.ThawAsync(input, Cancellation)).Held);
        await DemandNothingLeftAsync(world, watchdog);
    }

    [Fact]
    public async Task One_that_the_pool_refuses_leaves_nothing_to_wait_for()
    {
        using var world = new CrashWorld();
        await using var watchdog = new PauseCrashes.Watchdog(world, watching: false);
        var input = s_input with { VmUuid = world.Volume.VmUuid };
        var (pause, _) = Pause(world, new LateWire());
        world.Faults.On("xenserver", "VM.pause").Fail("OTHER_OPERATION_IN_PROGRESS", "VM", "OpaqueRef:x");
        await FreezeInVainAsync(world, pause, input);
        Assert.Equal(new ThawReceipt(false, 0), await pause.ThawAsync(input, Cancellation));
        await DemandNothingLeftAsync(world, watchdog);
    }

    private static async Task DemandNothingLeftAsync(CrashWorld world, PauseCrashes.Watchdog watchdog)
    {
        var vm = await watchdog.MachineAsync();
        Assert.Equal("Running", vm.PowerState);
        Assert.DoesNotContain("swf-freeze", vm.OtherConfig.Keys);
        Assert.Empty(Directory.GetFiles(PauseCrashes.Watchdog.FolderOf(world), "*.arm"));
    }

    private static (GuestPause Pause, XenServerClient Pool) Pause(CrashWorld world, LateWire wire)
    {
        var pools = new WorldPools(wire.Over(world.Network), world.Clock);
        return (new GuestPause(pools, Arms(world), new Marker(Options.Create(new InstallationOptions { Installation = "crash-test" }), world.Clock), Settings(world), world.Clock), pools.Get("production"));
    }

    private static PauseArms Arms(CrashWorld world) => new(Settings(world), world.Clock);

    private static IOptions<PauseOptions> Settings(CrashWorld world) => Options.Create(new PauseOptions { HighAvailabilityIsOff = true, Folder = PauseCrashes.Watchdog.FolderOf(world) });

    /// <summary>The arm waits for a watchdog's beat: it is given here, so that no thread of one has to keep pace with the clock.</summary>
    private static async Task FreezeInVainAsync(CrashWorld world, GuestPause pause, FreezeInput input)
    {
        var arms = Arms(world);
        arms.Beat([]);
        var freeze = Assert.ThrowsAnyAsync<XenApiException>(() => pause.FreezeAsync(input, Cancellation, Cancellation));
        await world.Clock.StepUntilAsync(freeze, within: TimeSpan.FromSeconds(1), () => arms.Beat(arms.Find().Arms));
        await freeze;
    }

    private static async Task<string> CodeAsync(Func<Task> step) => (await Assert.ThrowsAsync<StepFaultException>(step)).Fault.Code;
}
