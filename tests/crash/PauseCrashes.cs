using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A machine that is paused goes on, whatever becomes of the service: the watchdog is a life of its own on the same world.</summary>
public sealed class PauseCrashes
{
    private static readonly TimeSpan s_beat = TimeSpan.FromMilliseconds(200);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Undisturbed_the_pause_holds_and_nothing_is_left_of_it()
    {
        using var world = new CrashWorld(new WorldOptions { Quiesce = "pause" });
        await using var watchdog = new Watchdog(world);
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await life.RunAsync(Cancellation);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: true, Cancellation));
        var vm = await watchdog.MachineAsync();
        Assert.Equal("Running", vm.PowerState);
        Assert.DoesNotContain("swf-freeze", vm.OtherConfig.Keys);
        Assert.Empty(Directory.GetFiles(Watchdog.FolderOf(world), "*.arm"));
        Assert.Equal(1, world.Faults.CallsOf("xenserver", "VM.pause"));
    }

    [Fact]
    public async Task Without_a_watchdog_nothing_is_paused()
    {
        using var world = new CrashWorld(new WorldOptions { Quiesce = "pause" });
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await life.RunAsync(Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains("quiesce.no-watchdog", ended.SerializedCustomStatus, StringComparison.Ordinal);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: false, Cancellation));
        Assert.Equal(0, world.Faults.CallsOf("xenserver", "VM.pause"));
    }

    /// <summary>Every point from the first call to the machine's pool until the machine goes on: ten seconds after the death it runs, though the service never came back.</summary>
    [Fact]
    public async Task Wherever_the_service_dies_the_machine_runs_within_ten_seconds()
    {
        var paused = 0;
        for (var point = 0; ; point++)
        {
            using var world = new CrashWorld(new WorldOptions { Quiesce = "pause" });
            await using var watchdog = new Watchdog(world);
            var crash = new CrashSwitch(point);
            try
            {
                await using var first = new Life(world, crash);
                await first.RunAsync(Cancellation);
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // As planned.
            }

            var atDeath = await watchdog.MachineAsync();
            if (atDeath.PowerState == "Paused") paused++;
            for (var until = world.Clock.GetUtcNow() + TimeSpan.FromSeconds(10); world.Clock.GetUtcNow() < until;)
            {
                world.Clock.Advance(s_beat);
                await watchdog.SettleAsync();
            }

            var vm = await watchdog.MachineAsync();
            Assert.True(vm.PowerState == "Running", $"#{point} {crash.DiedAt}: the machine is {vm.PowerState}");
            if (Thawed(world, vm)) break;

            await using var second = new Life(world, CrashSwitch.Never);
            var ended = await second.RunAsync(Cancellation);
            var faults = await WorldChecker.FaultsAsync(world, second, ended, mustSucceed: true, Cancellation);
            Assert.True(faults.Count == 0, $"#{point} {crash.DiedAt}: {string.Join(", ", faults)}");
            Assert.DoesNotContain("swf-freeze", (await watchdog.MachineAsync()).OtherConfig.Keys);
        }

        Assert.True(paused > 3, $"only {paused} deaths found the machine paused");
    }

    private static bool Thawed(CrashWorld world, Vm vm) =>
        world.Faults.CallsOf("xenserver", "VM.unpause") > 0 && !vm.OtherConfig.ContainsKey("swf-freeze")
        && world.Array.Call("ListSnapshots", new JsonObject { ["volumeID"] = world.Volume.VolumeId })["snapshots"]!.AsArray().Count > 0
        && world.Faults.CallsOf("solidfire", "CloneVolume") > 0;

    /// <summary>The watchdog is gone too, and the request was terminated by force: the next sweep finds the pause in the ledger.</summary>
    [Fact]
    public async Task A_machine_that_nobody_guards_any_more_goes_on_at_a_sweep_and_another_installations_stays()
    {
        for (var point = 0; ; point++)
        {
            using var world = new CrashWorld(new WorldOptions { Quiesce = "pause" });
            string? id = null;
            var watchdog = new Watchdog(world);
            var crash = new CrashSwitch(point);
            try
            {
                await using var first = new Life(world, crash);
                id = await first.PostAsync(Cancellation);
                await first.Get<Durable.Engine.DurableEngine>().PumpAsync(id, Cancellation);
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // As planned.
            }

            Assert.NotNull(crash.DiedAt);
            var isPaused = (await watchdog.MachineAsync()).PowerState == "Paused";
            await watchdog.DisposeAsync();
            if (!isPaused) continue;

            await using (var second = new Life(world, CrashSwitch.Never)) await LeakSweepsOfWorkflows.TerminateAsync(second, id!);
            world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromHours(25));
            using (var other = world.Elsewhere())
            {
                await using var stranger = new Life(other, CrashSwitch.Never, installation: "other-site");
                await LeakSweeps.SweepAsync(stranger, "theirs", dryRun: false);
            }

            await using var looker = new Watchdog(world, watching: false);
            Assert.Equal("Paused", (await looker.MachineAsync()).PowerState);
            await using var life = new Life(world, CrashSwitch.Never);
            await LeakSweeps.SweepAsync(life, "ours", dryRun: false);
            var vm = await looker.MachineAsync();
            Assert.Equal("Running", vm.PowerState);
            Assert.DoesNotContain("swf-freeze", vm.OtherConfig.Keys);
            return;
        }
    }

    /// <summary>A freeze that is tried again bears the marker of the one before, whose rescue may end at that very moment: its guard is not taken away with the other's.</summary>
    [Fact]
    public async Task A_pause_that_begins_as_the_one_before_is_let_go_is_guarded()
    {
        using var world = new CrashWorld(new WorldOptions { Quiesce = "pause" });
        var arms = new PauseArms(Options.Create(new PauseOptions { Folder = Watchdog.FolderOf(world) }), TimeProvider.System);
        var marker = new Marker(Options.Create(new InstallationOptions { Installation = "crash-test" }), TimeProvider.System);
        var watchdog = new PauseWatchdog(arms, [new WorldPools(world.Network, world.Clock)], marker, TimeProvider.System, NullLogger<PauseWatchdog>.Instance);
        var due = new PauseArm("swf-freeze-1", "production", world.Volume.VmUuid, TimeProvider.System.GetUtcNow());
        var arming = arms.ArmAsync(due, Cancellation);
        watchdog.KeepFolder();
        await arming;
        await watchdog.LetGo(Cancellation);

        var later = due with { ExpiresAt = due.ExpiresAt.AddMinutes(1) };
        arming = arms.ArmAsync(later, Cancellation);
        watchdog.KeepFolder();
        await arming;
        Assert.Equal([later], arms.Find().Arms);
        arms.Disarm(later.Marker);
        Assert.Empty(arms.Find().Arms);
    }

    /// <summary>The watchdog on a network that nobody cuts.</summary>
    internal sealed class Watchdog : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly WorldPools _pools;
        private readonly CrashWorld _world;
        private readonly Task _running;

        /// <param name="watching">False only looks at the machine.</param>
        public Watchdog(CrashWorld world, bool watching = true)
        {
            _world = world;
            _pools = new WorldPools(world.Network, world.Clock);
            var options = Options.Create(new PauseOptions { Folder = FolderOf(world) });
            var marker = new Marker(Options.Create(new InstallationOptions { Installation = "crash-test" }), world.Clock);
            _running = !watching ? Task.CompletedTask : new PauseWatchdog(new PauseArms(options, world.Clock), [_pools], marker, world.Clock, NullLogger<PauseWatchdog>.Instance).RunAsync(_stop.Token);
        }

        public static string FolderOf(CrashWorld world) => Path.Combine(world.Folder, "watchdog");

        public async Task<Vm> MachineAsync() => await _pools.Get("production").Vms.FindAsync(_world.Volume.VmUuid, Cancellation) ?? throw new InvalidOperationException("The machine is gone.");

        /// <summary>Real time: what the watchdog has begun goes by threads of its own, and whether it has begun anything nothing tells but the machine. A beat that is too short for it is made up for by the next.</summary>
        public async Task SettleAsync()
        {
            for (var i = 0; i < 20 && (await MachineAsync()).PowerState == "Paused"; i++) await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Cancellation);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
        }
    }
}
