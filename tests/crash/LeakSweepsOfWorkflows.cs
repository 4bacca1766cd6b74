using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>What a restore or a group leaves behind when it is terminated goes a day later, and what was handed over stays.</summary>
public sealed class LeakSweepsOfWorkflows(ITestOutputHelper output)
{
    private static readonly TimeSpan s_day = TimeSpan.FromHours(25);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_terminated_restore_left_is_swept_wherever_it_stood()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        await SweptAsync(taken.NewWorld, life => life.PostRestoreAsync(taken.Key, """{"name":"back","accountId":1}""", Cancellation), step: 11, "volume");
    }

    [Fact]
    public async Task What_a_terminated_group_left_is_swept_wherever_it_stood() =>
        await SweptAsync(_ => SnapshotGroupFaults.World(), life => life.PostGroupAsync(Cancellation), step: 37, "group");

    private async Task SweptAsync(Func<WorldOptions?, CrashWorld> newWorld, Func<Life, Task<string>> post, int step, string role)
    {
        var faults = new List<string>();
        var (swept, ofRole) = (0, 0);
        for (var point = 5; ; point += step)
        {
            using var world = newWorld(null);
            var crash = new CrashSwitch(point);
            var id = await DieAsync(world, crash, post);
            if (crash.DiedAt is null) break;
            if (id is null) continue;
            await using (var second = new Life(world, CrashSwitch.Never)) await TerminateAsync(second, id);

            // What the instance itself had started, members of a group, ends meanwhile.
            world.Clock.AdvanceTo(world.Clock.GetUtcNow() + s_day);
            await using var life = new Life(world, CrashSwitch.Never);
            foreach (var name in (string[])["one", "two"])
            {
                var ended = await LeakSweeps.SweepAsync(life, name, dryRun: false);
                var result = ended.ReadOutputAs<SweepLeaksResult>();
                swept += result?.Removed ?? 0;
                ofRole += LeakSweeps.Report(life).Items.Count(item => item.Role == role && item.Outcome == "removed");
                if (result is null || result.Left + result.Failures.Count > 0) faults.Add($"#{point} {crash.DiedAt}: {ended.SerializedOutput} {ended.FailureDetails}");
                world.Clock.AdvanceTo(world.Clock.GetUtcNow() + s_day);
            }

            faults.AddRange(LeakSweeps.Left(world).Where(left => !left.Contains("\"restored\"", StringComparison.Ordinal)).Select(left => $"#{point} {crash.DiedAt}: {left}"));
        }

        output.WriteLine($"{swept} leaks swept, {ofRole} of role {role}");
        Assert.True(ofRole > 2, $"only {ofRole} of role {role}");
        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(20)));
    }

    [Fact]
    public async Task Two_sweeps_at_once_find_each_others_work_done()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        var id = await DieAsync(world, new CrashSwitch(70), life => life.PostRestoreAsync(taken.Key, """{"name":"back","accountId":1}""", Cancellation));
        await using (var second = new Life(world, CrashSwitch.Never)) await TerminateAsync(second, id!);
        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + s_day);
        Assert.NotEmpty(LeakSweeps.Left(world));

        await using var life = new Life(world, CrashSwitch.Never);
        var engine = life.Get<DurableEngine>();
        string[] names = ["left", "right"];
        var starts = names.Select(name => life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(
            nameof(SweepLeaks), new SweepLeaksInput("test", DryRun: false), new StartOrchestrationOptions(name), Cancellation)).ToList();
        await engine.PumpAsync(() => starts.TrueForAll(start => start.IsCompleted), Cancellation);
        foreach (var name in names)
        {
            var ended = await engine.PumpAsync(name, Cancellation);
            Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
            Assert.Empty(ended.ReadOutputAs<SweepLeaksResult>()!.Failures);
        }

        Assert.Empty(LeakSweeps.Left(world));
    }

    internal static async Task<string?> DieAsync(CrashWorld world, CrashSwitch crash, Func<Life, Task<string>> post)
    {
        string? id = null;
        try
        {
            await using var life = new Life(world, crash);
            id = await post(life);
            await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        }
        catch (Exception death) when (Life.IsCrash(death))
        {
            // As planned.
        }

        return id;
    }

    /// <summary>By force: nothing is undone.</summary>
    internal static async Task TerminateAsync(Life life, string id)
    {
        var engine = life.Get<DurableEngine>();
        var end = life.Get<DurableTaskClient>().TerminateInstanceAsync(id, Cancellation);
        await engine.PumpAsync(() => end.IsCompleted, Cancellation);
        await end;
        await engine.PumpAsync(id, Cancellation);
    }
}
