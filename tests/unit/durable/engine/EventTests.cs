using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class EventTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Early_events_are_kept_in_order_and_names_ignore_case()
    {
        await using var bench = Bench(async context =>
        {
            await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            return $"{await context.WaitForExternalEvent<string>("GO")}{await context.WaitForExternalEvent<string>("go")}";
        });
        await bench.StartAsync("Test");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.Client.RaiseEventAsync("test", "Go", "1", Token);
        await bench.Client.RaiseEventAsync("test", "gO", "2", Token);
        Assert.Equal("12", (await bench.Engine.PumpAsync("test", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Of_several_waiters_the_newest_is_served_first()
    {
        await using var bench = Bench(async context =>
        {
            var older = context.WaitForExternalEvent<string>("go");
            var newer = context.WaitForExternalEvent<string>("go");
            return $"newer {await newer}, older {await older}";
        });
        await bench.StartAsync("Test");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.Client.RaiseEventAsync("test", "go", "1", Token);
        await bench.Client.RaiseEventAsync("test", "go", "2", Token);
        Assert.Equal("newer 1, older 2", (await bench.Engine.PumpAsync("test", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_wait_that_times_out_is_cancelled_and_the_late_event_goes_to_the_next_waiter()
    {
        await using var bench = Bench(async context =>
        {
            var timedOut = false;
            try
            {
                await context.WaitForExternalEvent<string>("go", TimeSpan.FromMinutes(5));
            }
            catch (OperationCanceledException)
            {
                timedOut = true;
            }
            return $"{timedOut} {await context.WaitForExternalEvent<string>("go")}";
        });
        await bench.StartAsync("Test");
        await bench.Engine.PumpUntilIdleAsync(Token);
        bench.Clock.Advance(TimeSpan.FromMinutes(5));
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.Client.RaiseEventAsync("test", "go", "late", Token);
        Assert.Equal("True late", (await bench.Engine.PumpAsync("test", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_event_in_time_cancels_the_timer_of_its_wait()
    {
        await using var bench = Bench(async context => await context.WaitForExternalEvent<string>("go", TimeSpan.FromDays(100)));
        await bench.StartAsync("Test");
        await bench.Client.RaiseEventAsync("test", "go", "in time", Token);
        var before = bench.Clock.GetUtcNow();
        Assert.Equal("in time", (await bench.Engine.PumpAsync("test", Token)).ReadOutputAs<string>());
        Assert.Equal(before, bench.Clock.GetUtcNow());
    }

    [Fact]
    public async Task Events_around_ContinueAsNew_are_all_seen_once_and_in_order()
    {
        var seen = new List<int>();
        await using var bench = Bench(async context =>
        {
            var count = context.GetInput<int>();
            var number = await context.WaitForExternalEvent<int>("number");
            if (!context.IsReplaying)
                seen.Add(number);
            if (count == 19)
                return count;
            context.ContinueAsNew(count + 1);
            return null;
        });
        bench.Configure = options => options.MaxBatchSize = 3;
        await bench.StartAsync("Test", 0);
        for (var number = 0; number < 20; number++)
        {
            await bench.Client.RaiseEventAsync("test", "number", number, Token);
            if (number % 4 == 0)
                await bench.Engine.PumpUntilIdleAsync(Token);
            if (number % 6 == 5)
                await bench.RestartAsync();
        }
        Assert.Equal(19, (await bench.Engine.PumpAsync("test", Token)).ReadOutputAs<int>());
        Assert.Equal(Enumerable.Range(0, 20), seen);
    }

    [Fact]
    public async Task An_event_in_the_turn_of_ContinueAsNew_is_the_next_executions_though_the_old_one_still_waited_for_it()
    {
        await using var bench = Bench(async context =>
        {
            var wait = context.WaitForExternalEvent<string>("go");
            if (context.GetInput<int>() == 1)
                return await wait;
            await Task.WhenAny(wait, context.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None));
            context.ContinueAsNew(1);
            return null;
        });
        await bench.StartAsync("Test", 0);
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.Client.SuspendInstanceAsync("test", null, Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        bench.Clock.Advance(TimeSpan.FromMinutes(2));
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.Client.RaiseEventAsync("test", "go", "kept", Token);
        await bench.Client.ResumeInstanceAsync("test", null, Token);
        Assert.Equal("kept", (await bench.Engine.PumpAsync("test", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task ContinueAsNew_drops_the_old_executions_timers_and_keeps_name_and_status()
    {
        await using var bench = Bench(async context =>
        {
            context.SetCustomStatus($"round {context.GetInput<int>()}");
            if (context.GetInput<int>() == 1)
                return await context.WaitForExternalEvent<string>("go");
            _ = context.CreateTimer(TimeSpan.FromDays(9), CancellationToken.None);
            await context.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
            context.ContinueAsNew(1);
            return null;
        });
        await bench.StartAsync("Test", 0);
        await bench.Engine.PumpUntilIdleAsync(Token);
        bench.Clock.Advance(TimeSpan.FromMinutes(1));
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal("round 1", (await bench.GetAsync("test")).ReadCustomStatusAs<string>());
        Assert.Empty((await bench.Hub.ReadPendingWorkAsync(Token)).Wakes);
        await bench.Client.RaiseEventAsync("test", "go", "end", Token);
        Assert.Equal("end", (await bench.Engine.PumpAsync("test", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_custom_status_is_taken_back_by_null_also_over_a_restart_and_over_the_limit_it_is_refused()
    {
        await using var bench = Bench(async context =>
        {
            context.SetCustomStatus("busy");
            await context.WaitForExternalEvent<string>("go");
            context.SetCustomStatus(null);
            await context.WaitForExternalEvent<string>("go");
            context.SetCustomStatus(new string('x', (8 * 1024) - 2));
            try
            {
                context.SetCustomStatus(new string('x', (8 * 1024) - 1));
                return "not reached";
            }
            catch (ArgumentException refused)
            {
                return refused.Message;
            }
        });
        await bench.StartAsync("Test");
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal("busy", (await bench.GetAsync("test")).ReadCustomStatusAs<string>());
        await bench.Client.RaiseEventAsync("test", "go", "x", Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Null((await bench.GetAsync("test")).SerializedCustomStatus);
        await bench.RestartAsync();
        await bench.Client.RaiseEventAsync("test", "go", "x", Token);
        var end = await bench.Engine.PumpAsync("test", Token);
        Assert.Contains("8193 characters", end.ReadOutputAs<string>(), StringComparison.Ordinal);
        Assert.Equal(8192, end.SerializedCustomStatus!.Length);
    }

    [Fact]
    public async Task Waits_of_two_types_on_one_name_are_refused()
    {
        await using var bench = Bench(async context =>
        {
            _ = context.WaitForExternalEvent<string>("go");
            return await context.WaitForExternalEvent<int>("GO");
        });
        var end = await bench.RunAsync("Test");
        Assert.Equal(typeof(ArgumentException).FullName, end.FailureDetails!.ErrorType);
        Assert.Contains("same type", end.FailureDetails.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendEvent_reaches_another_instance()
    {
        await using var bench = new EngineBench(registry => registry
            .AddOrchestrator("Receiver", default, () => new Code(async context => await context.WaitForExternalEvent<string>("hello")))
            .AddOrchestrator("Sender", default, () => new Code(context =>
            {
                context.SendEvent("receiver", "Hello", "from the sender");
                return Task.FromResult<object?>(null);
            })));
        await bench.StartAsync("Receiver");
        await bench.StartAsync("Sender");
        Assert.Equal("from the sender", (await bench.Engine.PumpAsync("receiver", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_event_for_nobody_is_an_error_and_one_for_an_ended_instance_is_dropped()
    {
        await using var bench = Bench(_ => Task.FromResult<object?>(1));
        await Assert.ThrowsAsync<ArgumentException>(() => bench.Client.RaiseEventAsync("nobody", "go", null, Token));
        await bench.RunAsync("Test");
        await bench.Client.RaiseEventAsync("test", "go", null, Token);
        Assert.Empty((await bench.Hub.ReadPendingWorkAsync(Token)).Wakes);
    }

    private static EngineBench Bench(Func<TaskOrchestrationContext, Task<object?>> run) => new(registry => registry.AddOrchestrator("Test", default, () => new Code(run)));
}
