using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class DedupeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task By_default_a_live_instance_refuses_a_second_start_and_an_ended_one_is_replaced()
    {
        await using var bench = Bench();
        await bench.StartAsync("Waiter");
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => bench.StartAsync("Waiter"));
        await bench.Client.RaiseEventAsync("waiter", "go", "first", Token);
        await bench.Engine.PumpAsync("waiter", Token);
        await bench.StartAsync("Waiter");
        await bench.Client.RaiseEventAsync("waiter", "go", "second", Token);
        Assert.Equal("second", (await bench.Engine.PumpAsync("waiter", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task With_every_status_listed_a_key_starts_one_instance_for_ever()
    {
        await using var bench = Bench();
        var once = new StartOrchestrationOptions("waiter").WithDedupeStatuses(Enum.GetValues<OrchestrationRuntimeStatus>());
        await bench.Client.ScheduleNewOrchestrationInstanceAsync("Waiter", null, once, Token);
        await bench.Client.RaiseEventAsync("waiter", "go", "only", Token);
        await bench.Engine.PumpAsync("waiter", Token);
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => bench.Client.ScheduleNewOrchestrationInstanceAsync("Waiter", null, once, Token));
    }

    [Fact]
    public async Task With_an_empty_list_a_live_instance_is_terminated_and_replaced()
    {
        await using var bench = Bench();
        await bench.StartAsync("Waiter");
        await bench.Engine.PumpUntilIdleAsync(Token);
        var replacing = bench.Client.ScheduleNewOrchestrationInstanceAsync("Waiter", null, new StartOrchestrationOptions("waiter").WithDedupeStatuses(), Token);
        await bench.Engine.PumpAsync(() => replacing.IsCompleted, Token);
        await replacing;
        await bench.Client.RaiseEventAsync("waiter", "go", "new", Token);
        Assert.Equal("new", (await bench.Engine.PumpAsync("waiter", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Terminated_cannot_refuse_while_a_live_status_does_not()
    {
        await using var bench = Bench();
        var options = new StartOrchestrationOptions("waiter").WithDedupeStatuses(OrchestrationRuntimeStatus.Terminated);
        await Assert.ThrowsAsync<ArgumentException>(() => bench.Client.ScheduleNewOrchestrationInstanceAsync("Waiter", null, options, Token));
    }

    [Theory]
    [InlineData("@entity")]
    [InlineData("a/b")]
    [InlineData("a?b")]
    [InlineData("")]
    public async Task Ids_that_no_address_can_carry_are_refused(string id)
    {
        await using var bench = Bench();
        await Assert.ThrowsAsync<ArgumentException>(() => bench.Client.ScheduleNewOrchestrationInstanceAsync("Waiter", null, new StartOrchestrationOptions(id), Token));
    }

    private static EngineBench Bench() =>
        new(registry => registry.AddOrchestrator("Waiter", default, () => new Code(async context => await context.WaitForExternalEvent<string>("go"))));
}
