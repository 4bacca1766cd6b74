using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class ControlTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_event_named_in_the_tags_cancels_the_running_activity_and_the_call_ends_only_when_it_has_returned(bool retried)
    {
        await using var bench = Bench();
        await bench.StartAsync("Cancellable", retried);
        await bench.Engine.PumpAsync(() => bench.Journal.Lines.Count > 0, Token);
        await bench.Client.RaiseEventAsync("cancellable", "cancel", "the user", Token);
        var end = await bench.Engine.PumpAsync("cancellable", Token);
        Assert.Equal("cancelled by the user", end.ReadOutputAs<string>());
        Assert.Equal(["copy begins", "copy has returned", "undo#1"], bench.Journal.Lines);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_wish_to_cancel_leaves_the_stop_token_alone_and_the_instances_end_does_not(bool ended)
    {
        await using var bench = new EngineBench(registry => registry.AddActivity<Answered>().AddOrchestrator("Asking", default, () => new Code(async context => await context.CallActivityAsync<string>(
            nameof(Answered), null, new TaskOptions(null, new Dictionary<string, string> { ["cancel-on-event"] = "Cancel" })))));
        await bench.StartAsync("Asking");
        await bench.Engine.PumpAsync(() => bench.Journal.Lines.Count > 0, Token);
        await bench.Client.RaiseEventAsync("asking", "Cancel", null, Token);
        await bench.Engine.PumpAsync(() => bench.Journal.Lines.Count > 1, Token);
        if (ended) await bench.Client.TerminateInstanceAsync("asking", null, Token);
        await bench.Engine.PumpAsync(() => bench.Journal.Lines.Count > 2, Token);
        Assert.Equal(["asks", "wish True, stop False", $"stop {ended}"], bench.Journal.Lines);
    }

    [Fact]
    public async Task A_cancel_that_came_before_a_crash_reaches_the_next_attempt()
    {
        await using var bench = Bench();
        await bench.StartAsync("Cancellable", false);
        await bench.Engine.PumpAsync(() => bench.Journal.Lines.Count > 0, Token);
        await bench.Client.RaiseEventAsync("cancellable", "cancel", "the user", Token);
        await bench.Engine.PumpAsync(async () => (await bench.Client.GetOrchestrationHistoryAsync("cancellable", Token)).OfType<EventRaisedEvent>().Any(), Token);
        await bench.RestartAsync();
        var end = await bench.Engine.PumpAsync("cancellable", Token);
        Assert.Equal("cancelled by the user", end.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_cancel_in_a_retry_wait_ends_the_call_at_once()
    {
        await using var bench = new EngineBench(registry => registry.AddActivity<Flaky>().AddOrchestrator("Waiting", default, () => new Code(async context =>
        {
            var options = new TaskOptions(new RetryPolicy(9, TimeSpan.FromHours(1)), new Dictionary<string, string> { ["cancel-on-event"] = "Cancel" });
            try
            {
                return await context.CallActivityAsync<string>(nameof(Flaky), 5, options);
            }
            catch (TaskFailedException failure)
            {
                return failure.FailureDetails.ErrorType;
            }
        })));
        await bench.StartAsync("Waiting");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.Client.RaiseEventAsync("waiting", "Cancel", null, Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal("System.OperationCanceledException", (await bench.GetAsync("waiting")).ReadOutputAs<string>());
        Assert.Single(bench.Journal.Lines);
    }

    [Fact]
    public async Task Terminate_cancels_the_running_activity_and_drops_its_result()
    {
        await using var bench = Bench();
        await bench.StartAsync("Cancellable", false);
        await bench.Engine.PumpAsync(() => bench.Journal.Lines.Count > 0, Token);
        await bench.Client.TerminateInstanceAsync("cancellable", "stop it", Token);
        var end = await bench.Engine.PumpAsync("cancellable", Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, end.RuntimeStatus);
        Assert.Equal("stop it", end.ReadOutputAs<string>());
        Assert.Equal(["copy begins", "copy has returned"], bench.Journal.Lines);
        Assert.Empty((await bench.Hub.ReadPendingWorkAsync(Token)).Activities);
    }

    [Fact]
    public async Task A_suspended_instance_keeps_everything_for_later_even_over_a_restart()
    {
        await using var bench = new EngineBench(registry => registry.AddActivity<Step>().AddOrchestrator("Held", default, () => new Code(async context =>
        {
            await context.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
            return $"{await context.WaitForExternalEvent<string>("go")} {await context.CallActivityAsync<string>(nameof(Step), "x")}";
        })));
        await bench.StartAsync("Held");
        await bench.Client.SuspendInstanceAsync("held", "wait", Token);
        await bench.Client.RaiseEventAsync("held", "go", "went", Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        bench.Clock.Advance(TimeSpan.FromHours(1));
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await bench.GetAsync("held")).RuntimeStatus);
        Assert.Empty(bench.Journal.Lines);
        await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Client.SuspendInstanceAsync("held", "again", Token));
        await bench.RestartAsync();
        await bench.Client.ResumeInstanceAsync("held", "go on", Token);
        Assert.Equal("went x!", (await bench.Engine.PumpAsync("held", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_activity_that_ends_while_its_instance_is_suspended_is_not_run_again()
    {
        await using var bench = Bench();
        await bench.StartAsync("Cancellable", false);
        await bench.Engine.PumpAsync(() => bench.Journal.Lines.Count > 0, Token);
        await bench.Client.SuspendInstanceAsync("cancellable", "wait", Token);
        await Assert.ThrowsAsync<PumpStalledException>(() => bench.Engine.PumpAsync("cancellable", Token));
        Assert.Equal(["copy begins", "copy has returned"], bench.Journal.Lines);
        await bench.RestartAsync();
        await bench.Client.ResumeInstanceAsync("cancellable", null, Token);
        Assert.Equal("copied", (await bench.Engine.PumpAsync("cancellable", Token)).ReadOutputAs<string>());
        Assert.Equal(2, bench.Journal.Lines.Count);
    }

    [Fact]
    public async Task Purge_takes_ended_instances_only_and_all_of_them()
    {
        await using var bench = Bench();
        await bench.StartAsync("Cancellable", false);
        await bench.Engine.PumpAsync(() => bench.Journal.Lines.Count > 0, Token);
        await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Client.PurgeInstanceAsync("cancellable", Token));
        await bench.Engine.PumpAsync("cancellable", Token);
        Assert.Equal(1, (await bench.Client.PurgeInstanceAsync("cancellable", Token)).PurgedInstanceCount);
        Assert.Equal(0, (await bench.Client.PurgeInstanceAsync("cancellable", Token)).PurgedInstanceCount);
        Assert.Null(await bench.Client.GetInstanceAsync("cancellable", Token));
    }

    [Fact]
    public async Task Progress_is_seen_while_the_activity_runs()
    {
        await using var bench = Bench();
        await bench.StartAsync("Cancellable", false);
        var start = bench.Clock.GetUtcNow();
        await bench.Engine.PumpAsync(() => bench.Clock.GetUtcNow() - start > TimeSpan.FromSeconds(45), Token);
        var progress = await bench.Progress.ReadProgressAsync("cancellable", Token);
        Assert.InRange(progress!.Value.GetProperty("hour").GetInt32(), 4, 5);
    }

    [Fact]
    public async Task A_copy_outlives_a_hub_that_does_not_take_its_progress()
    {
        var refused = 0;
        await using var bench = new EngineBench(registry => registry.AddOrchestrator("Copies", default, () => new Code(async context => await context.CallActivityAsync<string>(nameof(LongCopy)))).AddActivity<LongCopy>());
        bench.Decorate = hub => new MeddlingHub(every: int.MaxValue)
        {
            OnWrite = write => write is StoreProgress && refused++ < 40 ? throw new TaskHubUnavailableException("the server is away") : write,
        }.Over(hub);
        Assert.Equal("copied", (await bench.RunAsync("Copies")).ReadOutputAs<string>());
        Assert.True(refused > 40);
    }

    private static EngineBench Bench() => new(registry => registry.AddOrchestrator<Cancellable>().AddActivity<LongCopy>().AddActivity<Step>());
}
