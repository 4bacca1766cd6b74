using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.Entities;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class EntityTests
{
    private static readonly EntityInstanceId s_a = new("Counter", "a");
    private static readonly EntityInstanceId s_b = new("counter", "b");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Signals_are_worked_on_in_order_in_one_batch_and_the_state_outlives_the_process()
    {
        await using var bench = Bench();
        for (var amount = 1; amount <= 20; amount++)
            await bench.Client.Entities.SignalEntityAsync(s_a, "ADD", amount, null, Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(Enumerable.Range(1, 20).Select(amount => $"@counter@a +{amount}"), bench.Journal.Lines);
        Assert.Equal(1, (await bench.Hub.LoadAsync("@counter@a", Token))!.Revision);
        await bench.RestartAsync();
        await bench.Client.Entities.SignalEntityAsync(s_a, "addSlowly", 1, null, Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        var found = (await bench.Client.Entities.GetEntityAsync<int>(s_a, Token))!;
        Assert.Equal((211, 0, null), (found.State, found.BacklogQueueSize, found.LockedBy));
    }

    [Fact]
    public async Task An_orchestrator_calls_by_any_case_with_or_without_input()
    {
        var end = await RunAsync(async context => new object[]
        {
            await context.Entities.CallEntityAsync<int>(s_a, "add", 5),
            await context.Entities.CallEntityAsync<int>(s_a, "GET"),
            await context.Entities.CallEntityAsync<string>(s_a, "describe"),
            await context.Entities.CallEntityAsync<string>(s_a, "describe", "here"),
        });
        Assert.Equal("""[5,5,"at @counter@a 5","here @counter@a 5"]""", end.SerializedOutput);
    }

    [Fact]
    public async Task A_failed_call_is_told_whatever_words_the_key_holds()
    {
        var end = await RunAsync(async context =>
        {
            try
            {
                await context.Entities.CallEntityAsync(new EntityInstanceId("Counter", "x of @y"), "nothing of @z");
                return "not reached";
            }
            catch (EntityOperationFailedException failure)
            {
                return $"{failure.EntityId} {failure.OperationName}";
            }
        });
        Assert.Equal("@counter@x of @y nothing of @z", end.ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_operation_that_throws_leaves_nothing_and_its_caller_learns_why()
    {
        await using var bench = Bench(async context =>
        {
            await context.Entities.CallEntityAsync(s_a, "add", 5);
            try
            {
                await context.Entities.CallEntityAsync(s_a, "break", s_b.ToString());
                return "not reached";
            }
            catch (EntityOperationFailedException failure)
            {
                return $"{failure.EntityId} {failure.OperationName} {failure.FailureDetails.IsCausedBy<InvalidDataException>()} {await context.Entities.CallEntityAsync<int>(s_a, "get")}";
            }
        });
        Assert.Equal("@counter@a break True 5", (await bench.RunAsync("Main")).ReadOutputAs<string>());
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Null(await bench.Client.Entities.GetEntityAsync(s_b, Token));
        Assert.Null(await bench.Client.GetInstanceAsync("never", Token));
    }

    [Theory]
    [InlineData("nonsense", "no operation")]
    [InlineData("add", "wants an input")]
    [InlineData("ToString", "no operation")]
    [InlineData("RunAsync", "no operation")]
    public async Task A_call_that_fits_no_method_fails_and_the_entity_goes_on(string operation, string why)
    {
        var end = await RunAsync(async context =>
        {
            try
            {
                await context.Entities.CallEntityAsync(s_a, operation);
                return "not reached";
            }
            catch (EntityOperationFailedException failure)
            {
                return $"{await context.Entities.CallEntityAsync<int>(s_a, "add", 1)} {failure.FailureDetails.ErrorMessage}";
            }
        });
        Assert.StartsWith("1 ", end.ReadOutputAs<string>(), StringComparison.Ordinal);
        Assert.Contains(why, end.ReadOutputAs<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_is_there_without_a_method_and_leaves_no_row()
    {
        await using var bench = Bench(async context =>
        {
            await context.Entities.CallEntityAsync(s_a, "add", 5);
            await context.Entities.CallEntityAsync(s_a, "Delete");
            return await context.Entities.CallEntityAsync<int>(s_a, "add", 1);
        });
        Assert.Equal(1, (await bench.RunAsync("Main")).ReadOutputAs<int>());
        await bench.Client.Entities.SignalEntityAsync(s_a, "delete", Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Null(await bench.Hub.ReadEntityAsync("@counter@a", true, Token));
    }

    [Fact]
    public async Task Entities_signal_each_other_and_start_orchestrations()
    {
        await using var bench = Bench();
        await bench.Client.Entities.SignalEntityAsync(s_a, "pass", s_b.ToString(), null, Token);
        await bench.Client.Entities.SignalEntityAsync(s_a, "begin", Token);
        await bench.Engine.PumpAsync("begun", Token);
        Assert.Equal(-1, (await bench.Client.Entities.GetEntityAsync<int>(s_a, Token))!.State);
        Assert.Equal(1, (await bench.Client.Entities.GetEntityAsync<int>(s_b, Token))!.State);
    }

    [Fact]
    public async Task A_signal_with_a_time_waits_for_it_and_does_not_hold_up_others()
    {
        await using var bench = Bench(async context =>
        {
            await context.Entities.SignalEntityAsync(s_a, "add", 100, new SignalEntityOptions { SignalTime = new DateTimeOffset(context.CurrentUtcDateTime.AddDays(40)) });
            return await context.Entities.CallEntityAsync<int>(s_a, "add", 1);
        });
        await bench.Client.Entities.SignalEntityAsync(s_a, "add", 10, new SignalEntityOptions { SignalTime = bench.Clock.GetUtcNow().AddHours(1) }, Token);
        await bench.StartAsync("Main");
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal((1, 2), await StateAsync());
        bench.Clock.Advance(TimeSpan.FromHours(1));
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal((11, 1), await StateAsync());
        await bench.RestartAsync();
        bench.Clock.Advance(TimeSpan.FromDays(40));
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal((111, 0), await StateAsync());

        async Task<(int, int)> StateAsync()
        {
            var found = (await bench.Client.Entities.GetEntityAsync<int>(s_a, Token))!;
            return (found.State, found.BacklogQueueSize);
        }
    }

    [Fact]
    public async Task Operations_are_found_on_the_state_where_that_is_allowed()
    {
        var end = await RunAsync(async context =>
        {
            var id = new EntityInstanceId("box", "x");
            await context.Entities.CallEntityAsync(id, "put", "one");
            await context.Entities.CallEntityAsync(id, "put", "two");
            return await context.Entities.CallEntityAsync<int>(id, "count");
        });
        Assert.Equal(2, end.ReadOutputAs<int>());
    }

    [Fact]
    public async Task Queries_page_over_entities_by_prefix()
    {
        await using var bench = Bench();
        foreach (var key in "abcde")
            await bench.Client.Entities.SignalEntityAsync(new EntityInstanceId("counter", key.ToString()), "add", (int)key, null, Token);
        await bench.Client.Entities.SignalEntityAsync(new EntityInstanceId("box", "x"), "put", "one", null, Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        var found = new List<string>();
        await foreach (var entity in bench.Client.Entities.GetAllEntitiesAsync<int>(new EntityQuery { InstanceIdStartsWith = "Counter@", PageSize = 2 }))
            found.Add($"{entity.Id.Key}{entity.State}");
        Assert.Equal(["a97", "b98", "c99", "d100", "e101"], found);
    }

    [Fact]
    public async Task An_entity_that_nobody_has_keeps_its_messages_and_says_so()
    {
        await using var bench = Bench();
        var unknown = new EntityInstanceId("unknown", "x");
        await bench.Client.Entities.SignalEntityAsync(unknown, "add", 1, null, Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(1, (await bench.Hub.ReadEntityAsync(unknown.ToString(), true, Token))!.Backlog);
        Assert.Contains("unknown", (await bench.Hub.ReadInstanceAsync(unknown.ToString(), false, Token))!.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a?b")]
    [InlineData("a\nb")]
    public async Task Keys_that_no_address_can_carry_are_refused(string key)
    {
        await using var bench = Bench();
        await Assert.ThrowsAsync<ArgumentException>(() => bench.Client.Entities.SignalEntityAsync(new EntityInstanceId("counter", key), "add", 1, null, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => bench.Client.RaiseEventAsync("@counter@a", "x", null, Token));
        Assert.Throws<ArgumentException>(() => EntityInstanceId.FromString("counter@a"));
        Assert.Throws<ArgumentException>(() => new EntityInstanceId("a@b", "c"));
    }

    private static EngineBench Bench(Func<TaskOrchestrationContext, Task<object?>>? main = null) => new(registry => registry
        .AddActivity<Step>().AddOrchestrator<FiveSteps>().AddEntity<Counter>().AddEntity<Box>()
        .AddOrchestrator("Main", default, () => new Code(main ?? (_ => Task.FromResult<object?>(null)))));

    private static async Task<SnapshotWorkflows.Durable.Client.OrchestrationMetadata> RunAsync(Func<TaskOrchestrationContext, Task<object?>> main)
    {
        await using var bench = Bench(main);
        return await bench.RunAsync("Main");
    }
}
