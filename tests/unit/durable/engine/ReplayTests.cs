using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class ReplayTests
{
    [Fact]
    public async Task A_hot_instance_is_never_replayed()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<FiveSteps>().AddActivity<Step>());
        var end = await bench.RunAsync<FiveSteps>();
        Assert.Equal("step1! step2! step3! step4! step5!", end.ReadOutputAs<string>());
        Assert.Equal(0, bench.Engine.Replays);
    }

    [Fact]
    public async Task An_instance_pushed_out_of_memory_goes_on_by_replay()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<FiveSteps>().AddActivity<Step>()) { Configure = options => options.MaxHotInstances = 0 };
        var end = await bench.RunAsync<FiveSteps>();
        Assert.Equal("step1! step2! step3! step4! step5!", end.ReadOutputAs<string>());
        Assert.True(bench.Engine.Replays >= 5);
    }

    [Fact]
    public async Task History_has_the_events_of_the_public_engine_in_its_order()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<FanOut>().AddActivity<Step>());
        var end = await bench.RunAsync<FanOut>(2);
        var history = await bench.Client.GetOrchestrationHistoryAsync(end.InstanceId);
        Assert.Equal(
            [
                EventType.OrchestratorStarted, EventType.ExecutionStarted, EventType.TaskScheduled, EventType.TaskScheduled, EventType.OrchestratorCompleted,
                EventType.OrchestratorStarted, EventType.TaskCompleted, EventType.OrchestratorCompleted,
                EventType.OrchestratorStarted, EventType.TaskCompleted, EventType.ExecutionCompleted, EventType.OrchestratorCompleted,
            ],
            history.Select(one => one.EventType));
    }

    [Fact]
    public async Task Changed_code_fails_the_instance_and_says_why()
    {
        var end = await ChangeAsync(NonDeterminismAction.Fail);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.StartsWith("Non-Deterministic workflow detected", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changed_code_suspends_the_instance_where_that_is_the_setting() =>
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await ChangeAsync(NonDeterminismAction.Suspend)).RuntimeStatus);

    [Fact]
    public async Task Waiting_for_something_that_is_not_durable_fails_visibly()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator("Stray", default, () => new Code(_ => new TaskCompletionSource<object?>().Task)));
        await bench.Client.ScheduleNewOrchestrationInstanceAsync("Stray", null, new StartOrchestrationOptions("stray"));
        var end = await bench.Engine.PumpAsync("stray", TestContext.Current.CancellationToken);
        Assert.Contains("nothing durable", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Times_and_guids_are_the_same_in_every_replay()
    {
        await using var bench = new EngineBench(registry => registry.AddActivity<Step>().AddOrchestrator("Ids", default, () => new Code(async context =>
        {
            var first = $"{context.NewGuid()} {context.CurrentUtcDateTime:O}";
            await context.CallActivityAsync(nameof(Step), first);
            await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            return $"{first} {context.NewGuid()}";
        })));
        await bench.Client.ScheduleNewOrchestrationInstanceAsync("Ids", null, new StartOrchestrationOptions("ids"));
        await bench.Engine.PumpUntilIdleAsync(TestContext.Current.CancellationToken);
        await bench.RestartAsync();
        var end = await bench.Engine.PumpAsync("ids", TestContext.Current.CancellationToken);
        var called = Assert.Single(bench.Journal.Lines).Split('#')[0];
        Assert.StartsWith(called, end.ReadOutputAs<string>(), StringComparison.Ordinal);
        // By the public engine's rule: version 5 of "ids_2026-01-01T00:00:00.0000000Z_0" in the namespace 9e952958-5e33-4daf-827f-2fa12937b875, worked out elsewhere.
        Assert.StartsWith("4fd27b07-d7a3-583c-a869-237ffe48819f ", called, StringComparison.Ordinal);
    }

    /// <summary>Something that is not durable ends on another thread, while the instance waits for a durable timer as well.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_orchestrator_that_goes_on_outside_its_turn_fails_visibly_at_its_next(bool onContext)
    {
        var ends = new TaskCompletionSource(TaskCreationOptions.None);
        await using var bench = new EngineBench(registry => registry.AddActivity<Step>().AddOrchestrator("Stray", default, () => new Code(async context =>
        {
            var timer = context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            await ends.Task.ConfigureAwait(onContext);
            await context.CallActivityAsync(nameof(Step), "x");
            await timer;
            return "not reached";
        })));
        await bench.StartAsync("Stray");
        await bench.Engine.PumpUntilIdleAsync(TestContext.Current.CancellationToken);
        await Task.Run(ends.SetResult, TestContext.Current.CancellationToken);
        var end = await bench.Engine.PumpAsync("stray", TestContext.Current.CancellationToken);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("nothing durable", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(bench.Journal.Lines);
    }

    [Fact]
    public async Task Tasks_that_an_orchestrator_makes_itself_run_in_its_turn()
    {
        await using var bench = new EngineBench(registry => registry.AddActivity<Step>().AddOrchestrator("Makes", default, () => new Code(async context =>
        {
            var continued = context.CallActivityAsync<string>(nameof(Step), "a").ContinueWith(called => $"{called.Result} {context.NewGuid()}", TaskScheduler.Current);
            var started = Task.Factory.StartNew(() => context.CallActivityAsync<string>(nameof(Step), "b"), CancellationToken.None, TaskCreationOptions.None, TaskScheduler.Current).Unwrap();
            var failed = context.WaitForExternalEvent<int>("go").ContinueWith(
                async waited => $"{waited.Exception is null} {await context.CallActivityAsync<string>(nameof(Step), "c")}", TaskScheduler.Current).Unwrap();
            return $"{(await continued)[..2]} {await started} {await failed}";
        })));
        await bench.StartAsync("Makes");
        await bench.Engine.PumpUntilIdleAsync(TestContext.Current.CancellationToken);
        await bench.RestartAsync();
        await bench.Client.RaiseEventAsync("makes", "go", "no number", TestContext.Current.CancellationToken);
        Assert.Equal("a! b! False c!", (await bench.Engine.PumpAsync("makes", TestContext.Current.CancellationToken)).ReadOutputAs<string>());
        Assert.Equal(3, bench.Journal.Lines.Count);
    }

    /// <summary>Nor can such a task keep the turn from ending, or go on outside of it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_task_of_an_orchestrators_own_that_never_ends_or_ends_elsewhere_holds_nothing_up(bool ends)
    {
        var never = new TaskCompletionSource(TaskCreationOptions.None);
        await using var bench = new EngineBench(registry => registry.AddOrchestrator("Makes", default, () => new Code(async context =>
        {
            var timer = context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            _ = Task.Factory.StartNew(
                () => never.Task.ContinueWith(_ => context.SetCustomStatus("outside"), CancellationToken.None, TaskContinuationOptions.AttachedToParent, TaskScheduler.Current),
                CancellationToken.None, TaskCreationOptions.AttachedToParent, TaskScheduler.Current);
            await timer;
            await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            return "on time";
        })));
        await bench.StartAsync("Makes");
        await bench.Engine.PumpUntilIdleAsync(TestContext.Current.CancellationToken);
        if (ends)
            await Task.Run(never.SetResult, TestContext.Current.CancellationToken);
        var end = await bench.Engine.PumpAsync("makes", TestContext.Current.CancellationToken);
        Assert.Equal(ends ? OrchestrationRuntimeStatus.Failed : OrchestrationRuntimeStatus.Completed, end.RuntimeStatus);
        Assert.Null(end.SerializedCustomStatus);
    }

    [Fact]
    public async Task A_context_that_is_used_outside_its_turn_says_so()
    {
        TaskOrchestrationContext? leaked = null;
        await using var bench = new EngineBench(registry => registry.AddOrchestrator("Leaks", default, () => new Code(async context =>
        {
            leaked = context;
            return await context.WaitForExternalEvent<string>("go");
        })));
        await bench.StartAsync("Leaks");
        await bench.Engine.PumpUntilIdleAsync(TestContext.Current.CancellationToken);
        foreach (var use in (Action[])[() => leaked!.NewGuid(), () => _ = leaked!.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None), () => leaked!.SetCustomStatus("x")])
            Assert.Contains("outside its turn", Assert.Throws<InvalidOperationException>(use).Message, StringComparison.Ordinal);
        await bench.Client.RaiseEventAsync("leaks", "go", "went");
        Assert.Equal("went", (await bench.Engine.PumpAsync("leaks", TestContext.Current.CancellationToken)).ReadOutputAs<string>());
    }

    /// <summary>The values of the public engine's own test (microsoft/durabletask-dotnet, TaskOrchestrationContextWrapperTests): instances that come from there keep their ids.</summary>
    [Fact]
    public async Task Guids_are_those_of_the_public_engine()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator("Ids", default, () => new Code(context => Task.FromResult<object?>($"{context.NewGuid()} {context.NewGuid()} {context.NewGuid()}"))));
        bench.Clock.Jump(new DateTimeOffset(2023, 5, 6, 7, 8, 9, TimeSpan.Zero).AddTicks(1_234_567) - bench.Clock.GetUtcNow());
        await bench.Client.ScheduleNewOrchestrationInstanceAsync("Ids", null, new StartOrchestrationOptions("fixed-instance-id"), TestContext.Current.CancellationToken);
        Assert.Equal(
            "0f353f85-75d2-56f8-89b5-a7773ace7605 b0fd1465-f3d8-5a7e-98b1-f34137b15060 12bec829-d5e1-563c-ac70-9806cad148c1",
            (await bench.Engine.PumpAsync("fixed-instance-id", TestContext.Current.CancellationToken)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_unregistered_orchestrator_stays_pending_until_a_process_has_it()
    {
        await using var bench = new EngineBench(registry => registry.AddActivity<Step>());
        await bench.StartAsync<FiveSteps>(options: new("later"));
        await bench.Engine.PumpUntilIdleAsync(TestContext.Current.CancellationToken);
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await bench.GetAsync("later")).RuntimeStatus);
    }

    private static async Task<OrchestrationMetadata> ChangeAsync(NonDeterminismAction action)
    {
        var changed = false;
        await using var bench = new EngineBench(registry => registry.AddActivity<Step>().AddOrchestrator("Changing", default, () => new Code(async context =>
        {
            await context.CallActivityAsync(changed ? "Other" : nameof(Step), "x");
            return await context.WaitForExternalEvent<string>("go");
        }))) { Configure = options => options.OnNonDeterminism = action };
        await bench.Client.ScheduleNewOrchestrationInstanceAsync("Changing", null, new StartOrchestrationOptions("changing"));
        await bench.Engine.PumpUntilIdleAsync(TestContext.Current.CancellationToken);
        changed = true;
        await bench.RestartAsync();
        await bench.Client.RaiseEventAsync("changing", "go", "now");
        await bench.Engine.PumpUntilIdleAsync(TestContext.Current.CancellationToken);
        return await bench.GetAsync("changing");
    }
}
