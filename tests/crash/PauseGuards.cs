using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Tests.Crash.World;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>The service was killed while a machine was paused: whatever clock, disk and single calls do, the watchdog lets it go on.</summary>
public sealed class PauseGuards : IDisposable
{
    private const string Marker = "swf-freeze-1";

    /// <summary>8 s of the pause, a beat, and some for the calls.</summary>
    private static readonly TimeSpan s_law = TimeSpan.FromSeconds(9);

    private readonly CrashWorld _world = new();
    private readonly WorldPools _pools;
    private readonly PauseArms _arms;
    private readonly Log _log = new();

    public PauseGuards()
    {
        _pools = new WorldPools(_world.Network, _world.Clock);
        _arms = new PauseArms(Settings, _world.Clock);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IOptions<PauseOptions> Settings => Options.Create(new PauseOptions { HighAvailabilityIsOff = true, Folder = Folder });

    private string Folder => PauseCrashes.Watchdog.FolderOf(_world);

    private Marker Ours => new(Options.Create(new InstallationOptions { Installation = "crash-test" }), _world.Clock);

    [Theory]
    [InlineData(-3600)]
    [InlineData(-20)]
    [InlineData(3600)]
    public async Task A_clock_that_is_set_makes_no_pause_longer(int seconds)
    {
        var watchdog = Watchdog(_pools);
        await PauseAsync(watchdog);
        _world.Clock.Jump(TimeSpan.FromSeconds(seconds));
        await RunsWithinAsync(watchdog, s_law);
        Assert.Empty(Directory.GetFiles(Folder, "*.arm"));
        Assert.DoesNotContain("swf-freeze", (await MachineAsync()).OtherConfig.Keys);
    }

    /// <summary>Another node may pause anew under the same marker: that pause has its time, and no more than a pause may last.</summary>
    [Fact]
    public async Task A_mark_whose_end_is_far_off_is_over_when_it_was_seen_for_as_long_as_a_pause_may_last()
    {
        var watchdog = Watchdog(_pools);
        await PauseAsync(watchdog, marked: TimeSpan.FromHours(1));
        await AdvanceAsync(watchdog, s_law);
        Assert.Equal("Paused", (await MachineAsync()).PowerState);
        await RunsWithinAsync(watchdog, TimeSpan.FromSeconds(11));
    }

    [Theory]
    [InlineData("gone", 1)]
    [InlineData("unwritable", 1)]
    [InlineData("emptied", 0)]
    public async Task A_folder_that_fails_stops_no_rescue_and_is_told_once(string fate, int told)
    {
        var watchdog = Watchdog(_pools);
        await PauseAsync(watchdog);
        switch (fate)
        {
            case "gone":
                Directory.Delete(Folder, recursive: true);
                File.WriteAllText(Folder, "");
                break;
            case "unwritable":
                Directory.CreateDirectory(Path.Combine(Folder, "beat.json.partial"));
                break;
            default:
                foreach (var file in Directory.GetFiles(Folder)) File.Delete(file);
                break;
        }

        await RunsWithinAsync(watchdog, s_law);
        Assert.Equal(told, _log.Lines.Count(line => line.StartsWith("3203 ", StringComparison.Ordinal)));
        Assert.Single(_log.Lines, line => line.StartsWith("3201 ", StringComparison.Ordinal));
    }

    /// <summary>Real time and threads: a read that does not come back, as of a disk that hangs.</summary>
    [Fact]
    public async Task A_folder_that_hangs_holds_up_no_rescue()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "No named pipes in folders.");
        var pools = new WorldPools(_world.Network, TimeProvider.System);
        var arms = new PauseArms(Settings, TimeProvider.System);
        var watchdog = new PauseWatchdog(arms, [pools], Ours, TimeProvider.System, _log);
        var end = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1);
        var arming = arms.ArmAsync(new PauseArm(Marker, "production", _world.Volume.VmUuid, end), Cancellation);
        watchdog.KeepFolder();
        await arming;
        await PauseMarkedAsync(new PauseMark("crash-test", Marker, end - TimeSpan.FromSeconds(8), end));

        var pipe = Path.Combine(Folder, "hangs.arm");
        using (var maker = Process.Start("mkfifo", [pipe])) await maker.WaitForExitAsync(Cancellation);
        using var stop = new CancellationTokenSource();
        var goesOn = _world.Faults.CalledAsync("xenserver", "VM.unpause", _world.Faults.CallsOf("xenserver", "VM.unpause") + 1);
        var running = Task.Run(() => watchdog.RunAsync(stop.Token), Cancellation);
        await goesOn.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.Equal("Running", (await MachineAsync()).PowerState);

        await stop.CancelAsync();
        using (new FileStream(pipe, FileMode.Open, FileAccess.Write)) File.Delete(pipe);
        await running;
    }

    [Theory]
    [InlineData("VM.get_by_uuid")]
    [InlineData("VM.unpause")]
    [InlineData("session.login_with_password")]
    public async Task A_call_that_hangs_is_left_to_itself_and_another_try_goes_another_way(string method)
    {
        var never = new TaskCompletionSource();
        var hangs = new LateWire
        {
            Holds = async name =>
            {
                if (name == method) await never.Task;
                return false;
            },
        };
        var watchdog = Watchdog(new WorldPools(hangs.Over(_world.Network), _world.Clock), _pools);
        await PauseAsync(watchdog);
        _world.Clock.Advance(TimeSpan.FromSeconds(8.2));
        var first = watchdog.LetGo(Cancellation);
        Assert.Equal("Paused", (await MachineAsync()).PowerState);
        _world.Clock.Advance(TimeSpan.FromSeconds(0.6));
        await watchdog.LetGo(Cancellation);
        Assert.Equal("Running", (await MachineAsync()).PowerState);

        // What hung has nothing more to do.
        never.SetResult();
        await first;
        Assert.DoesNotContain("swf-freeze", (await MachineAsync()).OtherConfig.Keys);
        Assert.Single(_log.Lines);
    }

    /// <summary>A slow call for the pause before took its mark away; it is armed, so nobody else let it go.</summary>
    [Fact]
    public async Task A_machine_whose_mark_is_gone_goes_on_for_as_long_as_it_is_armed()
    {
        var watchdog = Watchdog(_pools);
        await PauseAsync(watchdog);
        var vm = await MachineAsync();
        await Pool.Vms.RemoveFromOtherConfigAsync(vm.Ref, "swf-freeze", Cancellation);
        await RunsWithinAsync(watchdog, s_law);
        Assert.Empty(Directory.GetFiles(Folder, "*.arm"));
    }

    [Fact]
    public async Task A_machine_that_somebody_else_paused_stays_paused()
    {
        var watchdog = Watchdog(_pools);
        await PauseAsync(watchdog);
        var vm = await MachineAsync();
        await Pool.Vms.RemoveFromOtherConfigAsync(vm.Ref, "swf-freeze", Cancellation);
        _arms.Disarm(Marker);
        await AdvanceAsync(watchdog, TimeSpan.FromSeconds(30));
        Assert.Equal("Paused", (await MachineAsync()).PowerState);
    }

    /// <summary>While the rescue's call is under way the next request's pause begins.</summary>
    [Fact]
    public async Task The_mark_of_a_pause_that_began_meanwhile_stays()
    {
        var later = new PauseMark("crash-test", "swf-freeze-2", _world.Clock.GetUtcNow(), _world.Clock.GetUtcNow() + TimeSpan.FromMinutes(1)).ToString();
        var wire = new LateWire
        {
            Holds = async name =>
            {
                if (name != "VM.unpause") return false;
                var vm = await MachineAsync();
                await Pool.Vms.RemoveFromOtherConfigAsync(vm.Ref, "swf-freeze", Cancellation);
                await Pool.Vms.AddToOtherConfigAsync(vm.Ref, "swf-freeze", later, Cancellation);
                return false;
            },
        };
        var watchdog = Watchdog(new WorldPools(wire.Over(_world.Network), _world.Clock));
        await PauseAsync(watchdog);
        await AdvanceAsync(watchdog, s_law);
        Assert.Equal(later, (await MachineAsync()).OtherConfig["swf-freeze"]);
    }

    /// <summary>As above, with the service alive: its thaw looks whether the machine runs.</summary>
    [Fact]
    public async Task A_thaw_lets_a_machine_go_on_whose_mark_is_gone()
    {
        var watchdog = Watchdog(_pools);
        await PauseAsync(watchdog);
        await Pool.Vms.RemoveFromOtherConfigAsync((await MachineAsync()).Ref, "swf-freeze", Cancellation);
        var receipt = await Service(_pools).ThawAsync(new FreezeInput(new RequestKey(new string('a', 32)), "vm", Marker) { Pool = "production", VmUuid = _world.Volume.VmUuid }, Cancellation);
        Assert.Equal(new ThawReceipt(false, 0), receipt);
        Assert.Equal("Running", (await MachineAsync()).PowerState);
        Assert.Empty(Directory.GetFiles(Folder, "*.arm"));
    }

    public void Dispose()
    {
        if (File.Exists(Folder)) File.Delete(Folder);
        _world.Dispose();
    }

    private XenServerClient Pool => _pools.Get("production");

    private PauseWatchdog Watchdog(params IXenServerPools[] ways) => new(_arms, ways, Ours, _world.Clock, _log);

    private GuestPause Service(IXenServerPools pools) => new(pools, _arms, Ours, Settings, _world.Clock);

    private async Task<Vm> MachineAsync() => await Pool.Vms.FindAsync(_world.Volume.VmUuid, Cancellation) ?? throw new InvalidOperationException("The machine is gone.");

    /// <summary>As the service leaves it that is killed in the pause.</summary>
    /// <param name="marked">From now until the mark's end, if it is not the arm's.</param>
    private async Task PauseAsync(PauseWatchdog watchdog, TimeSpan? marked = null)
    {
        var at = _world.Clock.GetUtcNow();
        var arming = _arms.ArmAsync(new PauseArm(Marker, "production", _world.Volume.VmUuid, at + TimeSpan.FromSeconds(8)), Cancellation);
        watchdog.KeepFolder();
        _world.Clock.Advance(TimeSpan.FromMilliseconds(50));
        await arming;
        await PauseMarkedAsync(new PauseMark("crash-test", Marker, at, at + (marked ?? TimeSpan.FromSeconds(8))));
    }

    private async Task PauseMarkedAsync(PauseMark mark)
    {
        var vm = await MachineAsync();
        await Pool.Vms.AddToOtherConfigAsync(vm.Ref, PauseMark.Name, mark.ToString(), Cancellation);
        await Pool.Vms.StartPauseAsync(vm.Ref, Cancellation);
        Assert.Equal("Paused", (await MachineAsync()).PowerState);
    }

    private async Task RunsWithinAsync(PauseWatchdog watchdog, TimeSpan most)
    {
        await AdvanceAsync(watchdog, most);
        Assert.Equal("Running", (await MachineAsync()).PowerState);
    }

    private async Task AdvanceAsync(PauseWatchdog watchdog, TimeSpan by)
    {
        for (var gone = TimeSpan.Zero; gone < by; gone += TimeSpan.FromMilliseconds(200))
        {
            _world.Clock.Advance(TimeSpan.FromMilliseconds(200));
            await watchdog.LetGo(Cancellation);
            watchdog.KeepFolder();
        }
    }

    private sealed class Log : ILogger<PauseWatchdog>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Lines) Lines.Add($"{eventId.Id} {formatter(state, exception)}");
        }
    }
}
