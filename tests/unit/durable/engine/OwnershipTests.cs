using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class OwnershipTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_owner_of_the_file_is_refused_with_a_clear_message()
    {
        await using var bench = new EngineBench(registry => registry.AddActivity<Step>());
        await bench.Engine.PumpUntilIdleAsync(Token);
        await using var second = new SqliteTaskHub(bench.HubPath, bench.Clock);
        var refused = await Assert.ThrowsAsync<TaskHubInUseException>(async () => await second.OpenAsync(Token));
        Assert.Contains("in use by another process", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fenced_turn_is_dropped_and_the_instance_goes_on_from_what_was_committed()
    {
        var meddler = new MeddlingHub();
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<FiveSteps>().AddActivity<Step>()) { Decorate = inner => meddler.Over(inner) };
        var end = await bench.RunAsync<FiveSteps>();
        Assert.Equal("step1! step2! step3! step4! step5!", end.ReadOutputAs<string>());
        Assert.True(meddler.Fenced > 0);
        Assert.True(bench.Engine.Replays > 0);
        Assert.Equal(5, (await bench.Client.GetOrchestrationHistoryAsync(end.InstanceId, Token)).OfType<TaskCompletedEvent>().Count());
        Assert.Equal(5, bench.Journal.Lines.Count); // the ends that were in memory were kept, nothing ran twice
    }

    [Fact]
    public async Task An_activity_that_kills_its_process_every_time_ends_visibly()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<FiveSteps>().AddActivity(nameof(Step), default, _ => throw new SimulatedCrash("boom")))
        {
            Configure = options => options.MaxActivityAttempts = 3,
        };
        await bench.StartAsync<FiveSteps>(options: new StartOrchestrationOptions("poison"));
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            await Assert.ThrowsAsync<SimulatedCrash>(() => bench.Engine.PumpAsync("poison", Token));
            await bench.RestartAsync();
        }
        var end = await bench.Engine.PumpAsync("poison", Token);
        Assert.Equal("PoisonActivity", end.FailureDetails!.InnerFailure!.ErrorType);
    }

    [Fact]
    public async Task A_stop_cancels_activities_without_a_failure_and_the_next_start_runs_them_again()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<Cancellable>().AddActivity<LongCopy>().AddActivity<Step>());
        await bench.Engine.StartAsync(Token);
        await bench.StartAsync<Cancellable>(false, new StartOrchestrationOptions("copy"));
        await bench.Journal.First.WaitAsync(Token);
        await bench.Engine.StopAsync(Token);
        Assert.Equal(["copy begins", "copy has returned"], bench.Journal.Lines);
        Assert.Empty((await bench.Hub.ReadHistoryAsync("copy", Token))!.OfType<TaskFailedEvent>());
        await bench.RestartAsync();
        Assert.Equal("copied", (await bench.Engine.PumpAsync("copy", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Sixty_four_clients_at_once_all_get_their_own_result()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<FiveSteps>().AddOrchestrator<FanOut>().AddActivity<Step>());
        await bench.Engine.StartAsync(Token);
        var ends = await Task.WhenAll(Enumerable.Range(0, 64).Select(async client =>
        {
            var id = client % 2 == 0 ? await bench.StartAsync<FiveSteps>() : await bench.StartAsync<FanOut>(client);
            return (client, end: await bench.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Token));
        }));
        Assert.All(ends, one => Assert.Equal(one.client % 2 == 0 ? "\"step1! step2! step3! step4! step5!\"" : $"{one.client}", one.end.SerializedOutput));
        Assert.Equal(0, bench.Engine.Replays);
    }
}
