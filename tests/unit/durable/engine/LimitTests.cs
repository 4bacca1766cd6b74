using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Retention;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.Execution;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>Limits of single activities, and the age of ended instances.</summary>
public sealed class LimitTests
{
    private static readonly DateTimeOffset s_now = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void No_more_than_allowed_are_inside_and_order_is_kept()
    {
        var gates = Gates(new ActivityLimit(MaxConcurrent: 2));
        ActivityExecution[] all = [.. Enumerable.Range(0, 5).Select(task => Execution("Copy", task))];
        Assert.Equal([true, true, false, false, false], all.Select(one => Enter(gates, one, s_now)).ToArray());
        Assert.Null(gates.Release(s_now));
        Assert.True(Enter(gates, Execution("Other", 9), s_now));
        gates.Leave(all[1]);
        Assert.Same(all[2], gates.Release(s_now));
        Assert.Null(gates.Release(s_now));
        Assert.Equal((2, null), (gates.Waiting, gates.NextRelease));
    }

    [Fact]
    public void A_rate_lets_a_burst_through_and_then_one_at_a_time()
    {
        var gates = Gates(new ActivityLimit(MaxStarts: 3, Period: TimeSpan.FromMinutes(1)));
        Assert.Equal([true, true, true, false, false], Enumerable.Range(0, 5).Select(task => Enter(gates, Execution("copy", task), s_now)).ToArray());
        Assert.Equal(s_now.AddSeconds(20), gates.NextRelease);
        Assert.Null(gates.Release(s_now.AddSeconds(19)));
        Assert.NotNull(gates.Release(s_now.AddSeconds(20)));
        Assert.Null(gates.Release(s_now.AddSeconds(20)));
        Assert.NotNull(gates.Release(s_now.AddSeconds(40)));
    }

    [Fact]
    public async Task A_limited_activity_takes_its_time_and_every_call_ends()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<FanOut>().AddActivity<Step>())
        {
            Configure = options => options.ActivityLimits["step"] = new ActivityLimit(MaxConcurrent: 1, MaxStarts: 2, Period: TimeSpan.FromMinutes(2)),
        };
        var began = bench.Clock.GetUtcNow();
        Assert.Equal(6, (await bench.RunAsync<FanOut>(6)).ReadOutputAs<int>());
        Assert.Equal(TimeSpan.FromMinutes(4), bench.Clock.GetUtcNow() - began);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_call_that_only_waits_uses_up_no_attempts_however_often_the_process_dies(bool limited)
    {
        var deaths = 0;
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<FanOut>().AddActivity(nameof(Step), default, services =>
            deaths < 8 ? throw new SimulatedCrash("died") : new Step(services.GetRequiredService<Journal>(), services.GetRequiredService<IActivityExecution>())))
        {
            Configure = options =>
            {
                (options.MaxConcurrentActivities, options.MaxActivityAttempts) = (1, 10);
                if (limited)
                    options.ActivityLimits["step"] = new ActivityLimit(MaxConcurrent: 1);
            },
        };
        var id = await bench.StartAsync<FanOut>(5);
        for (; deaths < 8; deaths++)
        {
            await Assert.ThrowsAsync<SimulatedCrash>(() => bench.Engine.PumpAsync(id, Token));
            await bench.RestartAsync();
        }
        Assert.Equal(5, (await bench.Engine.PumpAsync(id, Token)).ReadOutputAs<int>());
        var attempts = bench.Journal.Lines.ToDictionary(line => line.Split('#')[0], line => int.Parse(line.Split('#')[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);
        Assert.Equal(5, attempts.Count);
        Assert.Equal(4, attempts.Values.Count(attempt => attempt <= 3));
    }

    [Fact]
    public async Task What_waits_at_a_stop_has_used_up_no_attempt()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator("Copies", default, () => new Code(async context =>
                await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => context.CallActivityAsync<string>(nameof(LongCopy))))))
            .AddActivity<LongCopy>())
        {
            Configure = options => options.MaxConcurrentActivities = 1,
        };
        await bench.Engine.StartAsync(Token);
        await bench.StartAsync("Copies");
        await bench.Journal.First.WaitAsync(Token);
        await bench.Engine.StopAsync(Token);
        await bench.RestartAsync();
        Assert.Equal([0, 0, 1], (await OpenedAsync(bench)).Activities.Select(one => one.Attempts).Order());
    }

    [Fact]
    public async Task Timers_years_away_are_not_remembered_for_those_who_have_ended_nor_twice()
    {
        await using var bench = new EngineBench(registry => registry
            .AddOrchestrator("Deadline", default, () => new Code(async context =>
            {
                using var over = new CancellationTokenSource();
                _ = context.CreateTimer(TimeSpan.FromDays(3650), over.Token);
                await context.WaitForExternalEvent<string>("go");
                Cancel(over);
                return null;
            }))
            .AddEntity<Counter>());
        var counter = new EntityInstanceId(nameof(Counter), "c");
        await bench.Client.Entities.SignalEntityAsync(counter, "Add", 1, new SignalEntityOptions { SignalTime = bench.Clock.GetUtcNow().AddDays(3650) }, Token);
        await bench.StartAsync("Deadline");
        for (var number = 0; number < 1100; number++)
        {
            await bench.Client.ScheduleNewOrchestrationInstanceAsync("Deadline", null, new StartOrchestrationOptions($"d{number}"), Token);
            await bench.Engine.PumpUntilIdleAsync(Token);
            await bench.Client.RaiseEventAsync($"d{number}", "go", "on", Token);
            await bench.Client.Entities.SignalEntityAsync(counter, "Add", 1, null, Token);
            await bench.Engine.PumpUntilIdleAsync(Token);
        }
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await bench.GetAsync("d0")).RuntimeStatus);
        Assert.InRange(bench.Engine.PlannedWakes, 2, 200);
        bench.Clock.Advance(TimeSpan.FromDays(3651));
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(1101, (await bench.Client.Entities.GetEntityAsync<int>(counter, true, Token))!.State);
    }

    /// <summary>An orchestrator awaits nothing but what is durable.</summary>
    private static void Cancel(CancellationTokenSource source) => source.Cancel();

    private static async Task<PendingWork> OpenedAsync(EngineBench bench)
    {
        await bench.Hub.OpenAsync(Token);
        return await bench.Hub.ReadPendingWorkAsync(Token);
    }

    [Fact]
    public async Task Ended_instances_go_when_they_are_old_enough_failed_ones_later_and_parents_of_the_living_never()
    {
        await using var bench = new EngineBench(registry => registry
            .AddOrchestrator("Done", default, () => new Code(_ => Task.FromResult<object?>("x")))
            .AddOrchestrator("Failing", default, () => new Code(_ => throw new InvalidDataException("x")))
            .AddOrchestrator("Waits", default, () => new Code(async context => await context.WaitForExternalEvent<string>("go")))
            .AddOrchestrator("Parent", default, () => new Code(async context =>
            {
                _ = context.CallSubOrchestratorAsync<string>("Waits", new SubOrchestrationOptions(instanceId: "child"));
                await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
                throw new InvalidDataException("gone before its child");
            })))
        {
            Configure = options => (options.Retention, options.RetentionOfFailed) = (TimeSpan.FromDays(1), TimeSpan.FromDays(3)),
        };
        foreach (var name in (string[])["Done", "Failing", "Parent"])
            await bench.RunAsync(name);
        await bench.StartAsync("Waits");
        await bench.Engine.PumpUntilIdleAsync(Token);
        var sweep = bench.Services.GetRequiredService<RetentionSweep>();
        Assert.Equal(0, await sweep.SweepAsync(Token));
        bench.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(1, await sweep.SweepAsync(Token));
        Assert.Null(await bench.Client.GetInstanceAsync("done", Token));
        bench.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(1, await sweep.SweepAsync(Token));
        Assert.Null(await bench.Client.GetInstanceAsync("failing", Token));
        await bench.Client.RaiseEventAsync("child", "go", "on", Token);
        await bench.Engine.PumpAsync("child", Token);
        Assert.Equal(2, await sweep.SweepAsync(Token));
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await bench.GetAsync("waits")).RuntimeStatus);
    }

    [Fact]
    public async Task A_timer_is_late_by_a_minute_at_most_when_the_clock_was_set_forward()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<Sleeper>());
        await bench.Engine.StartAsync(Token);
        // The engine's loop arms its alarm when the first turn is written and nothing else is to do.
        var asleep = bench.Clock.NextArmed;
        await bench.StartAsync<Sleeper>(TimeSpan.FromDays(2), new StartOrchestrationOptions("sleeper"));
        await asleep.WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await bench.GetAsync("sleeper")).RuntimeStatus);
        bench.Clock.Jump(TimeSpan.FromDays(3));
        bench.Clock.Advance(TimeSpan.FromMinutes(1));
        var end = await bench.Client.WaitForInstanceCompletionAsync("sleeper", Token).WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, end.RuntimeStatus);
        await bench.Engine.StopAsync(Token);
    }

    [Fact]
    public async Task A_child_outlives_its_age_while_its_failed_parent_may_be_rewound()
    {
        var works = 0;
        await using var bench = new EngineBench(registry => registry
            .AddActivity<Flaky>()
            .AddOrchestrator("Child", default, () => new Code(async context =>
            {
                var word = await context.WaitForExternalEvent<string>("go");
                if (!context.IsReplaying)
                    works++;
                return word;
            }))
            .AddOrchestrator("Parent", default, () => new Code(async context =>
            {
                var child = context.CallSubOrchestratorAsync<string>("Child", new SubOrchestrationOptions(instanceId: "child"));
                await context.CallActivityAsync(nameof(Flaky), 1);
                return await child;
            })))
        {
            Configure = options => (options.Retention, options.RetentionOfFailed) = (TimeSpan.FromDays(1), TimeSpan.FromDays(30)),
        };
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await bench.RunAsync("Parent")).RuntimeStatus);
        await bench.Client.RaiseEventAsync("child", "go", "went", Token);
        await bench.Engine.PumpAsync("child", Token);
        bench.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(0, await bench.Services.GetRequiredService<RetentionSweep>().SweepAsync(Token));
        await bench.Client.RewindInstanceAsync("parent", "mended", Token);
        Assert.Equal("went", (await bench.Engine.PumpAsync("parent", Token)).ReadOutputAs<string>());
        Assert.Equal(1, works);
        bench.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(2, await bench.Services.GetRequiredService<RetentionSweep>().SweepAsync(Token));
    }

    [Fact]
    public async Task Ids_of_ended_instances_are_listed_by_the_time_of_their_end()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<Sleeper>());
        for (var hour = 3; hour > 0; hour--)
            await bench.StartAsync<Sleeper>(TimeSpan.FromHours(hour), new StartOrchestrationOptions($"h{hour}"));
        await bench.Engine.PumpAsync("h3", Token);
        var first = await bench.Client.ListInstanceIdsAsync([OrchestrationRuntimeStatus.Completed], null, null, 2, null, Token);
        Assert.Equal(["h1", "h2"], first.Values);
        Assert.Equal(["h3"], (await bench.Client.ListInstanceIdsAsync(null, null, null, 2, first.ContinuationToken, Token)).Values);
    }

    private static ActivityGates Gates(ActivityLimit limit) => new(new Dictionary<string, ActivityLimit>(StringComparer.Ordinal) { ["Copy"] = limit });

    private static bool Enter(ActivityGates gates, ActivityExecution execution, DateTimeOffset now)
    {
        gates.Enter(execution, now, out var mayRun);
        return mayRun;
    }

    private static ActivityExecution Execution(string name, int task) => new(
        new ClaimedActivity(new ScheduledActivity(new ActivityKey("one", "run", task), name, null, null, null), 1, false), null,
        _ => throw new InvalidOperationException("nothing is written here"), SnapshotWorkflows.Durable.Converters.JsonDataConverter.Default, NullLogger.Instance);
}
