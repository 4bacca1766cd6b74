using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Retention;
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
        _ => throw new InvalidOperationException("nothing is written here"), SnapshotWorkflows.Durable.Converters.JsonDataConverter.Default);
}
