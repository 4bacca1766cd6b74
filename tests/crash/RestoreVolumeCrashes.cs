using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Dies at every point of RestoreVolume, has every answer lost and every call refused once, and is cancelled at every third moment. A class for each kind of target, for classes run side by side.</summary>
public abstract class RestoreVolumeExploration(ITestOutputHelper output, bool intoTarget)
{
    /// <summary>Calls that change nothing.</summary>
    private static readonly string[] s_reads = [".Get", ".List", "session.", "SR.probe", ".get_", "event.", "system.", "cloudstack.", "export_raw_vdi"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_death_at_any_point_ends_as_if_there_had_been_none()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        var faults = new List<string>();
        for (var point = 0; ; point++)
        {
            using var world = taken.NewWorld();
            var target = Target(world);
            var crash = new CrashSwitch(point);
            try
            {
                await using var first = new Life(world, crash);
                await RunAsync(first, taken, target);
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // As planned.
            }

            await using var second = new Life(world, CrashSwitch.Never);
            faults.AddRange(await CheckedAsync(world, second, taken, target, mustSucceed: true, $"#{point} {crash.DiedAt}"));
            if (!intoTarget && world.Faults.CallsOf("solidfire", "CreateVolume") is var made and not (1 or 2)) faults.Add($"#{point} {crash.DiedAt}: {made} volumes were made");
            if (crash.DiedAt is not null) continue;
            output.WriteLine($"{point} crash points");
            CrashExploration.Totals.Add(new CrashReport(point, point + 1, faults));
            Assert.True(point > 50, $"only {point} crash points: the explorer does not see the workflow");
            Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(40)));
            return;
        }
    }

    [Theory]
    [InlineData(FaultAction.DropAnswer, true)]
    [InlineData(FaultAction.DropRequest, true)]
    [InlineData(FaultAction.Fail, false)]
    public async Task A_fault_at_any_call_is_made_good_or_ends_clean(FaultAction action, bool mustSucceed)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        var faults = new List<string>();
        foreach (var (name, count) in await CallsAsync(taken))
        {
            var dot = name.IndexOf('.', StringComparison.Ordinal);
            for (var occurrence = 1; occurrence <= count; occurrence++)
            {
                using var world = taken.NewWorld();
                var target = Target(world);
                var (system, method) = (name[..dot], name[(dot + 1)..]);
                world.Faults.Add(new FaultSpecification
                {
                    System = system, Method = method, Occurrence = occurrence, Action = action,
                    ErrorName = action != FaultAction.Fail ? null : system == "solidfire" ? "xPermissionDenied" : "RBAC_PERMISSION_DENIED",
                });
                await using var life = new Life(world, CrashSwitch.Never);
                faults.AddRange(await CheckedAsync(world, life, taken, target, mustSucceed, $"{name} #{occurrence}"));
                if (!world.Faults.AllFired()) faults.Add($"{name} #{occurrence}: the fault did not fire");
            }
        }

        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(40)));
    }

    [Fact]
    public async Task A_cancel_at_any_moment_ends_clean()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        var faults = new List<string>();
        var cancelled = 0;
        for (var moment = 4; ; moment += 3)
        {
            using var world = taken.NewWorld();
            var target = Target(world);
            var counter = CrashSwitch.Never;
            await using var life = new Life(world, counter);
            var id = await PostAsync(life, taken, target);
            var engine = life.Get<DurableEngine>();
            try
            {
                await engine.PumpAsync(() => counter.Seen >= moment, Cancellation);
            }
            catch (PumpStalledException)
            {
                break;
            }

            var raise = life.Get<DurableTaskClient>().RaiseEventAsync(id, "Cancel", "test", Cancellation);
            await engine.PumpAsync(() => raise.IsCompleted, Cancellation);
            await raise;
            var ended = await engine.PumpAsync(id, Cancellation);
            faults.AddRange((await RestoreChecker.FaultsAsync(world, life, ended, target, mustSucceed: false, Cancellation)).Select(fault => $"cancel at {moment}: {fault}"));
            if (ended.RuntimeStatus != OrchestrationRuntimeStatus.Failed) continue;
            cancelled++;
            if (ended.ReadCustomStatusAs<RestoreStatus>()!.Failure is not { Code: "cancelled" } failure) faults.Add($"cancel at {moment}: {ended.FailureDetails}");
        }

        Assert.True(cancelled > 10, $"only {cancelled} cancels came before the commit point");
        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(40)));
    }

    private static Task<string> PostAsync(Life life, TakenCopy taken, SampleVolume? target) => life.PostRestoreAsync(
        taken.Key, target is null ? """{"name":"back","accountId":1,"qos":{"minIops":100,"maxIops":1000,"burstIops":2000}}""" : $$"""{"targetVolumeId":"{{target.CloudStackId}}","overwrite":true}""", Cancellation);

    private static async Task<OrchestrationMetadata> RunAsync(Life life, TakenCopy taken, SampleVolume? target) =>
        await life.Get<DurableEngine>().PumpAsync(await PostAsync(life, taken, target), Cancellation);

    private SampleVolume? Target(CrashWorld world) => intoTarget ? world.AddDetached(CrashWorld.Image.Length) : null;

    private static async Task<IEnumerable<string>> CheckedAsync(CrashWorld world, Life life, TakenCopy taken, SampleVolume? target, bool mustSucceed, string where)
    {
        try
        {
            var ended = await RunAsync(life, taken, target);
            return (await RestoreChecker.FaultsAsync(world, life, ended, target, mustSucceed, Cancellation)).Select(fault => $"{where}: {fault}");
        }
        catch (Exception stuck) when (stuck is not OperationCanceledException)
        {
            return [$"{where}: {stuck.GetType().Name}: {stuck.Message}"];
        }
    }

    private async Task<List<(string Name, int Count)>> CallsAsync(TakenCopy taken)
    {
        using var world = taken.NewWorld();
        var target = Target(world);
        var before = world.Faults.Calls;
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await RunAsync(life, taken, target);
        Assert.Empty(await RestoreChecker.FaultsAsync(world, life, ended, target, mustSucceed: true, Cancellation));
        return [.. world.Faults.Calls
            .Where(call => !s_reads.Any(read => call.Key.Contains(read, StringComparison.Ordinal)))
            .Select(call => (call.Key, call.Value - before.GetValueOrDefault(call.Key)))
            .Where(call => call.Item2 > 0)];
    }
}

public sealed class RestoreIntoANewVolume(ITestOutputHelper output) : RestoreVolumeExploration(output, intoTarget: false);

public sealed class RestoreIntoATarget(ITestOutputHelper output) : RestoreVolumeExploration(output, intoTarget: true);
