using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Entities;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class CriticalSectionTests
{
    private static readonly EntityInstanceId s_a = new("counter", "a");
    private static readonly EntityInstanceId s_b = new("counter", "b");
    private static readonly EntityInstanceId s_c = new("counter", "c");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_one_holds_the_entities_all_others_wait_and_are_served_afterwards()
    {
        await using var bench = Bench(("Holder", async context =>
        {
            await using (await context.Entities.LockEntitiesAsync(s_b, s_a, s_b))
            {
                Assert.True(context.Entities.InCriticalSection(out var held));
                Assert.Equal([s_a, s_b], held);
                var before = await context.Entities.CallEntityAsync<int>(s_a, "get");
                await context.WaitForExternalEvent<string>("go");
                await context.Entities.CallEntityAsync(s_a, "add", before + 1);
            }
            Assert.False(context.Entities.InCriticalSection());
            return "done";
        }), ("Other", async context => await context.Entities.CallEntityAsync<int>(s_a, "add", 100)));
        await bench.StartAsync("Holder");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.StartAsync("Other");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.Client.Entities.SignalEntityAsync(s_a, "add", 1000, null, Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal("holder", (await bench.Client.Entities.GetAllEntitiesAsync(new() { IncludeTransient = true }).FirstAsync()).LockedBy);
        await bench.RestartAsync();
        await bench.Client.RaiseEventAsync("holder", "go", "now", Token);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await bench.Engine.PumpAsync("holder", Token)).RuntimeStatus);
        Assert.Equal(101, (await bench.Engine.PumpAsync("other", Token)).ReadOutputAs<int>());
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(1101, (await bench.Client.Entities.GetEntityAsync<int>(s_a, Token))!.State);
        Assert.Null(await bench.Hub.ReadEntityAsync(s_b.ToString(), true, Token));
    }

    [Fact]
    public async Task Sections_over_the_same_entities_in_any_order_never_lock_each_other_out()
    {
        EntityInstanceId[][] orders = [[s_a, s_b, s_c], [s_c, s_b, s_a], [s_b, s_c], [s_c, s_a]];
        await using var bench = Bench([.. orders.Select((order, index) => ($"Main{index}", new Func<TaskOrchestrationContext, Task<object?>>(async context =>
        {
            await using var section = await context.Entities.LockEntitiesAsync(order);
            foreach (var id in order)
            {
                var before = await context.Entities.CallEntityAsync<int>(id, "get");
                await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
                Assert.Equal(before + 1, await context.Entities.CallEntityAsync<int>(id, "add", 1));
            }
            return "done";
        })))]);
        for (var index = 0; index < orders.Length; index++)
            await bench.StartAsync($"Main{index}");
        for (var index = 0; index < orders.Length; index++)
            Assert.Equal("done", (await bench.Engine.PumpAsync($"main{index}", Token)).ReadOutputAs<string>());
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(4, (await bench.Client.Entities.GetEntityAsync<int>(s_c, Token))!.State);
    }

    [Theory]
    [InlineData("throw")]
    [InlineData("return")]
    [InlineData("terminate")]
    [InlineData("again")]
    public async Task Whatever_way_its_holder_ends_the_entity_is_free(string way)
    {
        await using var bench = Bench(("Holder", async context =>
        {
            if (way == "again" && context.GetInput<string>() is not null)
                return "second";
            _ = await context.Entities.LockEntitiesAsync(s_a, s_b);
            await context.WaitForExternalEvent<string>("go");
            if (way == "throw")
                throw new InvalidDataException("holder broke");
            if (way == "again")
                context.ContinueAsNew("next");
            return "ended";
        }), ("Other", async context => await context.Entities.CallEntityAsync<int>(s_b, "add", 1)));
        await bench.StartAsync("Holder");
        await bench.Engine.PumpUntilIdleAsync(Token);
        if (way == "terminate")
            await bench.Client.TerminateInstanceAsync("holder", Token);
        else
            await bench.Client.RaiseEventAsync("holder", "go", "now", Token);
        await bench.Engine.PumpAsync("holder", Token);
        Assert.Equal(1, (await bench.RunAsync("Other")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_request_that_was_not_granted_yet_is_withdrawn_when_its_orchestration_ends()
    {
        await using var bench = Bench(
            ("Holder", async context =>
            {
                await using var section = await context.Entities.LockEntitiesAsync(s_b);
                return await context.WaitForExternalEvent<string>("go");
            }),
            // Has a, waits behind the holder for b, and is terminated there.
            ("Waiter", async context =>
            {
                await using var section = await context.Entities.LockEntitiesAsync(s_a, s_b, s_c);
                return "granted";
            }),
            ("Other", async context =>
            {
                await using var section = await context.Entities.LockEntitiesAsync(s_a, s_b, s_c);
                return "free";
            }));
        await bench.StartAsync("Holder");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.StartAsync("Waiter");
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal("waiter", (await bench.Hub.ReadEntityAsync(s_a.ToString(), true, Token))!.LockedBy!.Split('/')[1]);
        await bench.Client.TerminateInstanceAsync("waiter", Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Null(await bench.Hub.ReadEntityAsync(s_a.ToString(), true, Token));
        await bench.Client.RaiseEventAsync("holder", "go", "now", Token);
        await bench.Engine.PumpAsync("holder", Token);
        Assert.Equal("free", (await bench.RunAsync("Other")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task What_would_break_a_section_is_refused_at_once()
    {
        await using var bench = Bench(("Main", async context =>
        {
            var refused = 0;
            async Task RefusedAsync(Func<Task> act)
            {
                try
                {
                    await act();
                }
                catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
                {
                    refused++;
                }
            }
            await RefusedAsync(() => context.Entities.LockEntitiesAsync());
            var pending = context.Entities.LockEntitiesAsync(s_a, s_b);
            await RefusedAsync(() => context.Entities.CallEntityAsync<int>(s_a, "get"));
            await using var section = await pending;
            await RefusedAsync(() => context.Entities.LockEntitiesAsync(s_c));
            await RefusedAsync(() => context.Entities.CallEntityAsync<int>(s_c, "get"));
            await RefusedAsync(() => context.Entities.SignalEntityAsync(s_a, "add", 1));
            await RefusedAsync(() => context.CallSubOrchestratorAsync("Main"));
            await context.Entities.SignalEntityAsync(s_c, "add", 1);
            var first = context.Entities.CallEntityAsync<int>(s_a, "add", 1);
            await RefusedAsync(() => context.Entities.CallEntityAsync<int>(s_a, "add", 1));
            return refused + await first;
        }));
        Assert.Equal(8, (await bench.RunAsync("Main")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_lock_without_an_owner_is_released_by_the_clean_up()
    {
        await using var bench = Bench(("Holder", async context =>
        {
            _ = await context.Entities.LockEntitiesAsync(s_a);
            return await context.WaitForExternalEvent<string>("go");
        }));
        await bench.StartAsync("Holder");
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(0, (await bench.Client.Entities.CleanEntityStorageAsync(null, true, Token)).OrphanedLocksReleased);
        // As after a repair by hand: the owner's row is gone.
        var owner = (await bench.Hub.LoadAsync("holder", Token))!;
        await bench.Hub.CommitAsync(
            [
                new SnapshotWorkflows.Durable.Engine.Hub.CommitTurn
                {
                    InstanceId = "holder", ExecutionId = owner.ExecutionId, Revision = owner.Revision, HistoryRow = owner.NextHistoryRow, Events = [],
                    Status = OrchestrationRuntimeStatus.Terminated, At = bench.Clock.GetUtcNow(),
                },
            ], Token);
        Assert.Equal(1, (await bench.Client.Entities.CleanEntityStorageAsync(null, true, Token)).OrphanedLocksReleased);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Null(await bench.Hub.ReadEntityAsync(s_a.ToString(), true, Token));
    }

    private static EngineBench Bench(params (string Name, Func<TaskOrchestrationContext, Task<object?>> Code)[] orchestrators) => new(registry =>
    {
        registry.AddEntity<Counter>();
        foreach (var (name, code) in orchestrators)
            registry.AddOrchestrator(name, default, () => new Code(code));
    });
}
