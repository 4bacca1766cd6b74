using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class CrashTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public async Task A_crash_before_or_after_any_commit_leaves_nothing_undone_and_records_each_end_once(int batch)
    {
        var points = 0;
        for (var fatal = 0; ; fatal++)
        {
            await using var bench = Bench(batch);
            CrashingHub? hub = null;
            bench.Decorate = inner => hub = new CrashingHub(inner, fatal);
            await TryAsync(bench);
            var died = hub!.Dead;
            if (died)
            {
                points++;
                await bench.RestartAsync();
                bench.Decorate = inner => inner;
                await EnsureStartedAsync(bench);
                await bench.Engine.PumpAsync("main", TestContext.Current.CancellationToken);
            }
            await CheckAsync(bench);
            if (!died)
                break;
        }
        Assert.Equal(2 * 7, points); // the start, the first turn, and a turn per step, each before and after
    }

    [Fact]
    public async Task Two_crashes_in_a_row_are_survived_at_every_pair_of_commits()
    {
        for (var first = 1; first < 14; first++)
        {
            for (var second = 0; second < 14; second++)
            {
                await using var bench = Bench(64);
                bench.Decorate = inner => new CrashingHub(inner, first);
                await TryAsync(bench);
                await bench.RestartAsync();
                bench.Decorate = inner => new CrashingHub(inner, second);
                await TryAsync(bench);
                await bench.RestartAsync();
                bench.Decorate = inner => inner;
                await EnsureStartedAsync(bench);
                await bench.Engine.PumpAsync("main", TestContext.Current.CancellationToken);
                await CheckAsync(bench);
            }
        }
    }

    private static EngineBench Bench(int batch) =>
        new(registry => registry.AddOrchestrator<FiveSteps>().AddActivity<Step>()) { Configure = options => options.MaxBatchSize = batch };

    private static async Task EnsureStartedAsync(EngineBench bench)
    {
        if (await bench.Client.GetInstanceAsync("main") is null)
            await bench.StartAsync<FiveSteps>(options: new("main"));
    }

    private static async Task TryAsync(EngineBench bench)
    {
        try
        {
            await EnsureStartedAsync(bench);
            await bench.Engine.PumpAsync("main", TestContext.Current.CancellationToken);
        }
        catch (SimulatedCrash)
        {
            // As intended; the next engine takes over.
        }
    }

    private static async Task CheckAsync(EngineBench bench)
    {
        var end = await bench.GetAsync("main");
        Assert.Equal(OrchestrationRuntimeStatus.Completed, end.RuntimeStatus);
        Assert.Equal("step1! step2! step3! step4! step5!", end.ReadOutputAs<string>());
        var history = await bench.Client.GetOrchestrationHistoryAsync("main");
        Assert.Equal([0, 1, 2, 3, 4], history.OfType<TaskCompletedEvent>().Select(one => one.TaskScheduledId));
        Assert.Equal([0, 1, 2, 3, 4], history.OfType<TaskScheduledEvent>().Select(one => one.EventId));
        Assert.Single(history.OfType<ExecutionCompletedEvent>());
        Assert.Empty((await bench.Hub.ReadPendingWorkAsync(CancellationToken.None)).Activities);
    }
}
