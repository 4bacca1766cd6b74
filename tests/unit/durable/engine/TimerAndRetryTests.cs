using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class TimerAndRetryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_timer_of_thirty_days_fires_at_its_time_and_takes_no_real_time()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<Sleeper>());
        var start = bench.Clock.GetUtcNow();
        var end = await bench.RunAsync<Sleeper>(TimeSpan.FromDays(30));
        Assert.Equal(start.UtcDateTime.AddDays(30), end.ReadOutputAs<DateTime>());
    }

    [Fact]
    public async Task A_timer_that_fell_due_while_no_process_ran_fires_at_the_next_start()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<Sleeper>());
        await bench.StartAsync<Sleeper>(TimeSpan.FromHours(1), new StartOrchestrationOptions("sleeper"));
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.RestartAsync();
        bench.Clock.Advance(TimeSpan.FromHours(5));
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await bench.GetAsync("sleeper")).RuntimeStatus);
    }

    [Fact]
    public async Task A_start_in_the_future_stays_pending_until_then()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<FiveSteps>().AddActivity<Step>());
        await bench.StartAsync<FiveSteps>(null, new StartOrchestrationOptions("later", bench.Clock.GetUtcNow().AddHours(2)));
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await bench.GetAsync("later")).RuntimeStatus);
        bench.Clock.Advance(TimeSpan.FromHours(2));
        Assert.True((await bench.Engine.PumpAsync("later", Token)).IsCompleted);
    }

    [Fact]
    public async Task A_cancelled_timer_keeps_nothing_open_and_leaves_no_row()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator("Race", default, () => new Code(async context =>
        {
            using var loser = new CancellationTokenSource();
            var longer = context.CreateTimer(TimeSpan.FromDays(300), loser.Token);
            await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
            loser.Cancel();
            await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
            return longer.IsCanceled;
        })));
        var before = bench.Clock.GetUtcNow();
        var end = await bench.RunAsync("Race");
        Assert.True(end.ReadOutputAs<bool>());
        Assert.True(bench.Clock.GetUtcNow() - before < TimeSpan.FromMinutes(1));
    }

    [Theory]
    [InlineData(1, "at last after 1 min")]
    [InlineData(3, "at last after 6 min")] // 1 + 2 + 3 (4 capped at 3)
    public async Task Retries_wait_by_the_policy_on_durable_timers(int failures, string expected)
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<Retrying>().AddActivity<Flaky>());
        Assert.Equal(expected, (await bench.RunAsync<Retrying>(failures)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task When_the_attempts_are_used_up_the_last_failure_is_the_orchestrators()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<Retrying>().AddActivity<Flaky>());
        var end = await bench.RunAsync<Retrying>(99);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.True(end.FailureDetails!.IsCausedBy<TaskFailedException>());
        Assert.Equal(typeof(InvalidDataException).FullName, end.FailureDetails.InnerFailure!.ErrorType);
        Assert.Equal(4, bench.Journal.Lines.Count);
    }

    [Fact]
    public async Task A_vetoed_failure_is_not_retried()
    {
        await using var bench = new EngineBench(registry => registry.AddActivity<Flaky>().AddOrchestrator("Veto", default, () => new Code(async context =>
            await context.CallActivityAsync<string>(nameof(Flaky), 5, TaskOptions.FromRetryPolicy(new RetryPolicy(5, TimeSpan.FromSeconds(1)) { HandleFailure = _ => false })))));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await bench.RunAsync("Veto")).RuntimeStatus);
        Assert.Single(bench.Journal.Lines);
    }

    [Theory]
    [InlineData("timeout", 4)] // at 0, 1, 2 and 3 min
    [InlineData("handle", 2)]
    [InlineData("handle async", 2)]
    public async Task A_policy_ends_by_its_time_or_by_a_veto(string how, int attempts)
    {
        await using var bench = new EngineBench(registry => registry.AddActivity<Flaky>().AddOrchestrator("Ends", default, () => new Code(async context =>
        {
            var asked = 0;
            var policy = new RetryPolicy(9, TimeSpan.FromMinutes(1), retryTimeout: how == "timeout" ? TimeSpan.FromMinutes(2.5) : null);
            if (how == "handle")
                policy.Handle = failure => ((TaskFailedException)failure).IsCausedByException<InvalidDataException>() && ++asked < 2;
            if (how == "handle async")
            {
                policy.HandleAsync = async failure =>
                {
                    await context.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
                    return failure is TaskFailedException && ++asked < 2;
                };
            }
            return await context.CallActivityAsync<string>(nameof(Flaky), 99, TaskOptions.FromRetryPolicy(policy));
        })));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await bench.RunAsync("Ends")).RuntimeStatus);
        Assert.Equal(attempts, bench.Journal.Lines.Count);
    }

    [Fact]
    public async Task Options_that_were_given_as_the_input_are_refused()
    {
        await using var bench = new EngineBench(registry => registry.AddActivity<Flaky>().AddOrchestrator("Mistakes", default, () => new Code(async context =>
            await context.CallActivityAsync<string>(nameof(Flaky), (object)TaskOptions.FromRetryPolicy(new RetryPolicy(2, TimeSpan.FromMinutes(1)))))));
        var end = await bench.RunAsync("Mistakes");
        Assert.Equal(typeof(ArgumentException).FullName, end.FailureDetails!.ErrorType);
        Assert.Contains("options: ", end.FailureDetails.ErrorMessage, StringComparison.Ordinal);
    }

    /// <summary>As an HttpClient's time-out: nobody has asked for it.</summary>
    [Fact]
    public async Task A_call_that_cancels_itself_is_retried_like_any_other_failure()
    {
        var tries = 0;
        await using var bench = new EngineBench(registry => registry
            .AddActivityFunc<string, string>("Asks", (_, _) => ++tries < 3 ? throw new TaskCanceledException("no answer in time") : "at last")
            .AddOrchestrator("Patient", default, () => new Code(async context => await context.CallActivityAsync<string>(
                "Asks", "x", TaskOptions.FromRetryPolicy(new RetryPolicy(5, TimeSpan.FromSeconds(1)) { HandleFailure = failure => failure.IsCausedBy<OperationCanceledException>() })))));
        Assert.Equal("at last", (await bench.RunAsync("Patient")).ReadOutputAs<string>());
        Assert.Equal(3, tries);
    }

    [Fact]
    public async Task A_retry_handler_decides_in_the_orchestrator_and_counts_attempts()
    {
        var seen = new List<int>();
        await using var bench = new EngineBench(registry => registry.AddActivity<Flaky>().AddOrchestrator("Handler", default, () => new Code(async context =>
            await context.CallActivityAsync<string>(nameof(Flaky), 2, TaskOptions.FromRetryHandler(async retry =>
            {
                if (!retry.OrchestrationContext.IsReplaying)
                    seen.Add(retry.LastAttemptNumber);
                await retry.OrchestrationContext.CreateTimer(TimeSpan.FromSeconds(30), retry.CancellationToken);
                return retry.LastAttemptNumber < 5;
            })))));
        Assert.Equal("at last", (await bench.RunAsync("Handler")).ReadOutputAs<string>());
        Assert.Equal([1, 2], seen);
    }

    [Fact]
    public async Task A_restart_in_a_retry_wait_neither_repeats_nor_forgets_an_attempt()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<Retrying>().AddActivity<Flaky>());
        await bench.StartAsync<Retrying>(2, new StartOrchestrationOptions("retry"));
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.RestartAsync();
        Assert.Equal("at last after 3 min", (await bench.Engine.PumpAsync("retry", Token)).ReadOutputAs<string>());
        Assert.Equal(3, (await bench.Client.GetOrchestrationHistoryAsync("retry", Token)).OfType<TaskScheduledEvent>().Count());
    }
}
