using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>Starts whose first turn is written with them: all but an orchestrator's first in the life of a process.</summary>
public sealed class FirstTurnTests
{
    /// <summary>So many first turns are written after their starts.</summary>
    private const int Proof = 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_saves_a_write_and_leaves_the_same_history()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<FiveSteps>().AddActivity<Step>());
        var writes = new List<HubWrite>();
        bench.Decorate = new MeddlingHub(int.MaxValue)
        {
            OnWrite = write =>
            {
                writes.Add(write);
                return write;
            },
        }.Over;
        await bench.Engine.StartAsync(Token);
        await ProveAsync(bench, nameof(FiveSteps), Proof - 1);
        writes.Clear();
        var former = await RunAsync("first");
        Assert.Equal((7, 6), (writes.Count, writes.Count(write => write is CommitTurn)));
        writes.Clear();
        var latter = await RunAsync("second");
        Assert.Equal((6, 5), (writes.Count, writes.Count(write => write is CommitTurn)));
        Assert.Equal(former.SerializedOutput, latter.SerializedOutput);
        var (first, second) = (await bench.Client.GetOrchestrationHistoryAsync("first", Token), await bench.Client.GetOrchestrationHistoryAsync("second", Token));
        Assert.Equal(first.Select(one => (one.EventType, one.EventId)), second.Select(one => (one.EventType, one.EventId)));

        async Task<OrchestrationMetadata> RunAsync(string id) => await bench.Client.WaitForInstanceCompletionAsync(await bench.StartAsync<FiveSteps>(options: new(id)), true, Token);
    }

    [Fact]
    public async Task The_next_process_goes_on_with_it()
    {
        await using var bench = Bench();
        await bench.Engine.StartAsync(Token);
        await ProveAsync(bench, "Waiter", Proof);
        await bench.Client.ScheduleNewOrchestrationInstanceAsync("Waiter", null, new StartOrchestrationOptions("second"), Token);
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await bench.GetAsync("second")).RuntimeStatus);
        await bench.RestartAsync();
        await bench.Engine.StartAsync(Token);
        await bench.Client.RaiseEventAsync("second", "go", 3, Token);
        Assert.Equal(3, (await bench.Client.WaitForInstanceCompletionAsync("second", true, Token)).ReadOutputAs<int>());
        Assert.Single(await bench.Client.GetOrchestrationHistoryAsync("second", Token), one => one is ExecutionStartedEvent);
    }

    [Fact]
    public async Task A_start_that_is_refused_leaves_whoever_has_the_id_alone()
    {
        await using var bench = Bench();
        await bench.StartAsync("Waiter");
        await bench.Engine.PumpUntilIdleAsync(Token);
        // No longer in memory: only the hub knows that it lives.
        await bench.RestartAsync();
        await bench.Engine.StartAsync(Token);
        await ProveAsync(bench, "Waiter", Proof);
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => bench.StartAsync("Waiter"));
        await bench.Client.RaiseEventAsync("waiter", "go", 2, Token);
        Assert.Equal(2, (await bench.Client.WaitForInstanceCompletionAsync("waiter", true, Token)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task An_event_that_comes_with_the_start_is_taken_and_the_start_is_there_once()
    {
        await using var bench = Bench();
        await bench.Engine.StartAsync(Token);
        await ProveAsync(bench, "Waiter", Proof);
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async number =>
        {
            var id = $"w{number}";
            await Task.WhenAny(
                bench.Client.ScheduleNewOrchestrationInstanceAsync("Waiter", null, new StartOrchestrationOptions(id), Token),
                bench.Client.ScheduleNewOrchestrationInstanceAsync("Waiter", null, new StartOrchestrationOptions(id), Token));
            await bench.Client.RaiseEventAsync(id, "go", number, Token);
            Assert.Equal(number, (await bench.Client.WaitForInstanceCompletionAsync(id, true, Token)).ReadOutputAs<int>());
            Assert.Single(await bench.Client.GetOrchestrationHistoryAsync(id, Token), one => one is ExecutionStartedEvent);
        }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_the_hub_does_not_take_the_first_turn_the_start_is_written_alone(bool refuses)
    {
        await using var bench = Bench();
        var seen = 0;
        var hub = new MeddlingHub(int.MaxValue)
        {
            OnWrite = write =>
            {
                if (write is not StartInstance { FirstTurn: not null } start)
                    return write;
                seen++;
                return refuses ? throw new ArgumentException("Not this turn.") : start with { FirstTurn = null };
            },
        };
        bench.Decorate = hub.Over;
        await bench.Engine.StartAsync(Token);
        await ProveAsync(bench, "Waiter", Proof);
        await bench.Client.ScheduleNewOrchestrationInstanceAsync("Waiter", null, new StartOrchestrationOptions("second"), Token);
        await bench.Client.RaiseEventAsync("second", "go", 7, Token);
        Assert.Equal(7, (await bench.Client.WaitForInstanceCompletionAsync("second", getInputsAndOutputs: true, Token)).ReadOutputAs<int>());
        Assert.Equal(1, seen);
        Assert.Single(await bench.Client.GetOrchestrationHistoryAsync("second", Token), one => one is ExecutionStartedEvent);
    }

    [Fact]
    public async Task An_orchestrator_may_end_fail_or_start_over_in_its_first_turn()
    {
        await using var bench = new EngineBench(registry => registry
            .AddOrchestrator("Ends", default, () => new Code(_ => Task.FromResult<object?>("done")))
            .AddOrchestrator("Fails", default, () => new Code(_ => throw new InvalidOperationException("boom")))
            .AddOrchestrator("Again", default, () => new Code(context =>
            {
                var round = context.GetInput<int>();
                if (round < 2)
                    context.ContinueAsNew(round + 1);
                return Task.FromResult<object?>(round);
            })));
        await bench.Engine.StartAsync(Token);
        for (var round = 0; round < Proof + 2; round++)
        {
            Assert.Equal("done", (await RunAsync("Ends")).ReadOutputAs<string>());
            Assert.Equal("boom", (await RunAsync("Fails")).FailureDetails!.ErrorMessage);
            Assert.Equal(2, (await RunAsync("Again")).ReadOutputAs<int>());
        }

        async Task<OrchestrationMetadata> RunAsync(string name) => await bench.Client.WaitForInstanceCompletionAsync(await bench.StartAsync(name, 0), true, Token);
    }

    private static async Task ProveAsync(EngineBench bench, string name, int count)
    {
        for (var number = 0; number < count; number++)
        {
            var id = await bench.Client.ScheduleNewOrchestrationInstanceAsync(name, null, new StartOrchestrationOptions($"proof{number}"), Token);
            if (name == "Waiter")
                await bench.Client.WaitForInstanceStartAsync(id, Token);
            else
                await bench.Client.WaitForInstanceCompletionAsync(id, Token);
        }
    }

    private static EngineBench Bench() =>
        new(registry => registry.AddOrchestrator("Waiter", default, () => new Code(async context => await context.WaitForExternalEvent<int>("go"))));
}
