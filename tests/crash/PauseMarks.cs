using System.Globalization;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Tests.Crash.World;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Whose mark a machine bears that is to be paused, and whether it still may be.</summary>
public sealed class PauseMarks : IDisposable
{
    private readonly CrashWorld _world = new();
    private readonly WorldPools _pools;

    public PauseMarks() => _pools = new WorldPools(_world.Network, _world.Clock);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IOptions<PauseOptions> Settings => Options.Create(new PauseOptions { HighAvailabilityIsOff = true, Folder = PauseCrashes.Watchdog.FolderOf(_world) });

    /// <summary>Two disks of a machine at the same moment: both have seen no mark, and the pool takes one.</summary>
    [Fact]
    public async Task A_mark_that_another_request_sets_meanwhile_is_waited_for()
    {
        var wire = Before("VM.add_to_other_config", () => MarkAsync(Mark("crash-test", 8)));
        Assert.Equal(("quiesce.busy", FaultKind.Busy), await FreezeAsync(wire));
        Assert.Empty(Directory.GetFiles(PauseCrashes.Watchdog.FolderOf(_world), "*.arm"));
        Assert.Equal(0, _world.Faults.CallsOf("xenserver", "VM.pause"));
    }

    [Theory]
    [InlineData(8, "quiesce.busy", FaultKind.Busy)]
    [InlineData(-60, "quiesce.busy", FaultKind.Busy)]
    [InlineData(-600, "quiesce.mark-left", FaultKind.Rejected)]
    public async Task Another_installations_mark_is_waited_for_until_its_pause_can_come_no_more(int end, string code, FaultKind kind)
    {
        await MarkAsync(Mark("other-site", end));
        Assert.Equal((code, kind), await FreezeAsync(new LateWire()));
        Assert.Equal("other-site", (await MachineAsync()).OtherConfig["swf-freeze"].Split('|')[0]);
    }

    [Fact]
    public async Task A_mark_that_cannot_be_read_is_told_and_left()
    {
        await MarkAsync("nobody knows");
        Assert.Equal(("quiesce.mark-left", FaultKind.Rejected), await FreezeAsync(new LateWire()));
        Assert.Equal("nobody knows", (await MachineAsync()).OtherConfig["swf-freeze"]);
    }

    /// <summary>The call for the mark took so long that the watchdog may be done with the arm, and the clock was set back meanwhile.</summary>
    [Fact]
    public async Task Nothing_is_paused_once_its_time_has_gone_by_whatever_the_clock_says()
    {
        var wire = Before("VM.add_to_other_config", () =>
        {
            _world.Clock.Advance(TimeSpan.FromSeconds(8.5));
            _world.Clock.Jump(TimeSpan.FromHours(-1));
            return Task.CompletedTask;
        });
        Assert.Equal(("quiesce.too-late", FaultKind.Transient), await FreezeAsync(wire));
        Assert.Equal(0, _world.Faults.CallsOf("xenserver", "VM.pause"));
        Assert.DoesNotContain("swf-freeze", (await MachineAsync()).OtherConfig.Keys);
    }

    /// <summary>The disk of the watchdog's folder is full, or its owner another: nothing is paused, and the reason is told.</summary>
    [Fact]
    public async Task Without_a_folder_nothing_is_paused()
    {
        File.WriteAllText(PauseCrashes.Watchdog.FolderOf(_world), "");
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => Service(new LateWire()).FreezeAsync(Input, Cancellation, Cancellation));
        File.Delete(PauseCrashes.Watchdog.FolderOf(_world));
        Assert.Equal(("quiesce.no-folder", FaultKind.Transient), (fault.Fault.Code, fault.Fault.Kind));
        Assert.Equal(0, _world.Faults.CallsOf("xenserver", "VM.pause") + _world.Faults.CallsOf("xenserver", "VM.add_to_other_config"));
    }

    public void Dispose() => _world.Dispose();

    private FreezeInput Input => new(new RequestKey(new string('a', 32)), "vm", "swf-freeze-1") { Pool = "production", VmUuid = _world.Volume.VmUuid };

    private GuestPause Service(LateWire wire) => new(
        new WorldPools(wire.Over(_world.Network), _world.Clock), new PauseArms(Settings, _world.Clock), new Marker(Options.Create(new InstallationOptions { Installation = "crash-test" }), _world.Clock), Settings, _world.Clock);

    private string Mark(string installation, int end)
    {
        var until = _world.Clock.GetUtcNow() + TimeSpan.FromSeconds(end);
        return string.Create(CultureInfo.InvariantCulture, $"{installation}|swf-freeze-2|{until - TimeSpan.FromSeconds(8):O}|{until:O}");
    }

    private async Task<Vm> MachineAsync() => await _pools.Get("production").Vms.FindAsync(_world.Volume.VmUuid, Cancellation) ?? throw new InvalidOperationException("The machine is gone.");

    private async Task MarkAsync(string mark) => await _pools.Get("production").Vms.AddToOtherConfigAsync((await MachineAsync()).Ref, "swf-freeze", mark, Cancellation);

    /// <summary>Does something right before the first call of a method arrives.</summary>
    private static LateWire Before(string method, Func<Task> what)
    {
        var seen = 0;
        return new LateWire
        {
            Holds = async name =>
            {
                if (name == method && seen++ == 0) await what();
                return false;
            },
        };
    }

    /// <summary>The arm waits for a beat, which is given here once its file is there.</summary>
    private async Task<(string, FaultKind)> FreezeAsync(LateWire wire)
    {
        var arms = new PauseArms(Settings, _world.Clock);
        arms.Beat([]);
        var freeze = Assert.ThrowsAsync<StepFaultException>(() => Service(wire).FreezeAsync(Input, Cancellation, Cancellation));
        await _world.Clock.StepUntilAsync(freeze, within: TimeSpan.FromMilliseconds(50), () => arms.Beat(arms.Find().Arms));
        var fault = (await freeze).Fault;
        return (fault.Code, fault.Kind);
    }
}
