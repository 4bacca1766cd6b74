using Microsoft.Data.Sqlite;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Entities;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>What cannot go on says why, ends or waits as it should, and hinders nobody else.</summary>
public sealed class ObstacleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_orchestrator_that_nobody_has_waits_with_the_reason_and_can_be_terminated()
    {
        await using var bench = Bench();
        await bench.StartAsync("Missing");
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Contains("'Missing' is not registered", (await bench.GetAsync("missing")).Reason, StringComparison.Ordinal);
        Assert.Equal("step1! step2! step3! step4! step5!", (await bench.RunAsync<FiveSteps>()).ReadOutputAs<string>());
        await bench.Client.TerminateInstanceAsync("missing", "enough", Token);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await bench.Engine.PumpAsync("missing", Token)).RuntimeStatus);
    }

    [Fact]
    public async Task A_parent_learns_that_its_child_without_code_was_terminated()
    {
        await using var bench = Bench(registry => registry.AddOrchestrator("Parent", default, () => new Code(async context =>
        {
            try
            {
                return await context.CallSubOrchestratorAsync<string>("Missing", new TaskOptions().WithInstanceId("missing"));
            }
            catch (TaskFailedException failure)
            {
                return failure.FailureDetails.ErrorType;
            }
        })));
        await bench.StartAsync("Parent");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.Client.TerminateInstanceAsync("missing", Token);
        Assert.Equal("Terminated", (await bench.Engine.PumpAsync("parent", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_activity_that_nobody_has_is_seen_and_runs_once_somebody_has_it()
    {
        var known = false;
        await using var bench = new EngineBench(registry =>
        {
            registry.AddOrchestrator<FiveSteps>();
            if (known)
                registry.AddActivity(nameof(Step), "3", services => new Step(services.GetService(typeof(Journal)) as Journal ?? new Journal(), null!));
        });
        await bench.StartAsync<FiveSteps>(options: new StartOrchestrationOptions("it") { Version = "3" });
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Contains("Activity 'Step' is not registered", (await bench.GetAsync("it")).Reason, StringComparison.Ordinal);
        await bench.Client.TerminateInstanceAsync("it", Token);
        Assert.Null((await bench.Engine.PumpAsync("it", Token)).Reason);
    }

    [Theory]
    [InlineData(NonDeterminismAction.Fail, OrchestrationRuntimeStatus.Failed)]
    [InlineData(NonDeterminismAction.Suspend, OrchestrationRuntimeStatus.Suspended)]
    public async Task A_history_that_cannot_be_read_ends_or_suspends_its_instance_with_the_reason(NonDeterminismAction action, OrchestrationRuntimeStatus expected)
    {
        await using var bench = Bench();
        bench.Configure = options => options.OnNonDeterminism = action;
        await bench.StartAsync<Sleeper>(TimeSpan.FromHours(1), new StartOrchestrationOptions("it"));
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.RestartAsync();
        await ExecuteAsync(bench, "UPDATE history SET events = '[{\"type\":\"TimerCreated\",' WHERE instance_id = 'it'");
        Assert.Equal("step1! step2! step3! step4! step5!", (await bench.RunAsync<FiveSteps>()).ReadOutputAs<string>());
        bench.Clock.Advance(TimeSpan.FromHours(2));
        await bench.Engine.PumpUntilIdleAsync(Token);
        var it = await bench.GetAsync("it");
        Assert.Equal(expected, it.RuntimeStatus);
        Assert.Contains("cannot be read", it.FailureDetails?.ErrorMessage ?? it.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_history_of_a_newer_program_is_left_alone()
    {
        await using var bench = Bench();
        await bench.StartAsync<Sleeper>(TimeSpan.FromHours(1), new StartOrchestrationOptions("it"));
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.RestartAsync();
        await ExecuteAsync(bench, "UPDATE history SET events = '[{\"type\":\"SomethingNew\",\"x\":1}]' WHERE instance_id = 'it'");
        bench.Clock.Advance(TimeSpan.FromHours(2));
        await bench.Engine.PumpUntilIdleAsync(Token);
        var it = await bench.GetAsync("it");
        Assert.Equal(OrchestrationRuntimeStatus.Running, it.RuntimeStatus);
        Assert.Contains("newer program", it.Reason, StringComparison.Ordinal);
        Assert.NotEmpty((await bench.Hub.LoadAsync("it", Token))!.Inbox);
    }

    [Fact]
    public async Task An_orchestrator_that_cannot_be_made_fails_and_is_not_tried_for_ever()
    {
        await using var bench = Bench(registry => registry.AddOrchestrator("Broken", default, () => throw new InvalidDataException("no such file")));
        var end = await bench.RunAsync("Broken");
        Assert.Contains("no such file", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_orchestrator_that_cannot_be_made_again_fails_and_takes_nobody_along()
    {
        var made = 0;
        await using var bench = Bench(registry => registry.AddOrchestrator("Again", default, () => ++made > 1
            ? throw new InvalidDataException("no second time")
            : new Code(context =>
            {
                context.ContinueAsNew("x");
                return Task.FromResult<object?>(null);
            })));
        var beside = await bench.StartAsync<FiveSteps>();
        var end = await bench.RunAsync("Again");
        Assert.Contains("no second time", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal("step1! step2! step3! step4! step5!", (await bench.Engine.PumpAsync(beside, Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_turn_that_breaks_the_engines_own_code_ends_the_instance_and_nothing_else()
    {
        await using var bench = Bench(registry => registry.AddOrchestrator("Poison", default, () => new Code(async context =>
        {
            await context.WaitForExternalEvent<string>("go");
            BreakTurn();
            return null;
        })));
        await bench.StartAsync("Poison");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.Client.RaiseEventAsync("poison", "go", "x", Token);
        var end = await bench.Engine.PumpAsync("poison", Token);
        Assert.Equal((OrchestrationRuntimeStatus.Failed, "PoisonTurn"), (end.RuntimeStatus, end.FailureDetails!.ErrorType));
        Assert.Contains("a callback broke", end.FailureDetails.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal("step1! step2! step3! step4! step5!", (await bench.RunAsync<FiveSteps>()).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Ends_of_calls_that_a_broken_turn_had_taken_are_kept_for_when_its_code_is_mended()
    {
        var broken = true;
        await using var bench = Bench(registry => registry.AddOrchestrator("Breaks", default, () => new Code(async context =>
        {
            var both = new[] { context.CallActivityAsync<string>(nameof(Step), "x"), context.CallActivityAsync<string>(nameof(Step), "y") };
            await context.CallActivityAsync<string>(nameof(Step), "z");
            if (broken)
                BreakTurn();
            return string.Join(' ', await Task.WhenAll(both));
        })));
        bench.Configure = options => options.OnNonDeterminism = NonDeterminismAction.Suspend;
        await bench.StartAsync("Breaks");
        await bench.Engine.PumpUntilIdleAsync(Token);
        var held = await bench.GetAsync("breaks");
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, held.RuntimeStatus);
        Assert.Contains("a callback broke", held.Reason, StringComparison.Ordinal);
        broken = false;
        await bench.RestartAsync();
        await bench.Client.ResumeInstanceAsync("breaks", "mended", Token);
        Assert.Equal("x! y!", (await bench.Engine.PumpAsync("breaks", Token)).ReadOutputAs<string>());
        Assert.Equal(3, bench.Journal.Lines.Count);
    }

    [Fact]
    public async Task An_entity_whose_holder_cannot_be_read_says_so_and_hinders_nobody_else()
    {
        await using var bench = Bench(registry => registry.AddEntity<Counter>());
        var counter = new EntityInstanceId(nameof(Counter), "a");
        await bench.Client.Entities.SignalEntityAsync(counter, "Add", 1, null, Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.RestartAsync();
        await ExecuteAsync(bench, "UPDATE instances SET locked_by = 'nonsense' WHERE substr(instance_id, 1, 1) = '@'");
        await bench.Engine.StartAsync(Token);
        await bench.Client.Entities.SignalEntityAsync(counter, "Add", 1, null, Token);
        var beside = await bench.StartAsync<FiveSteps>();
        Assert.Equal("step1! step2! step3! step4! step5!", (await bench.Client.WaitForInstanceCompletionAsync(beside, getInputsAndOutputs: true, Token)).ReadOutputAs<string>());
        Assert.False(bench.Engine.Completion.IsFaulted);
        await bench.Engine.StopAsync(Token);
    }

    [Fact]
    public async Task An_orchestrator_that_takes_actions_without_end_fails()
    {
        await using var bench = Bench(registry => registry.AddOrchestrator("Endless", default, () => new Code(async context =>
        {
            while (true)
                _ = context.CallActivityAsync(nameof(Step), "x");
#pragma warning disable CS0162 // the loop has no end
            return await Task.FromResult<object?>(null);
#pragma warning restore CS0162
        })));
        bench.Configure = options => options.MaxOrchestrationActions = 50;
        var end = await bench.RunAsync("Endless");
        Assert.Contains("50 actions", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(bench.Journal.Lines);
    }

    [Fact]
    public async Task A_suspended_misfit_goes_on_once_its_code_is_mended_and_it_is_resumed()
    {
        var changed = false;
        await using var bench = Bench(registry => registry.AddOrchestrator("Changing", default, () => new Code(async context =>
        {
            await context.CallActivityAsync(changed ? "Other" : nameof(Step), "x");
            return $"{await context.WaitForExternalEvent<string>("go")} {await context.CallActivityAsync<string>(nameof(Step), "y")}";
        })));
        bench.Configure = options => options.OnNonDeterminism = NonDeterminismAction.Suspend;
        await bench.StartAsync("Changing");
        await bench.Engine.PumpUntilIdleAsync(Token);
        changed = true;
        await bench.RestartAsync();
        await bench.Client.RaiseEventAsync("changing", "go", "went", Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        var held = await bench.GetAsync("changing");
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, held.RuntimeStatus);
        Assert.StartsWith("Non-Deterministic workflow detected", held.Reason, StringComparison.Ordinal);
        await bench.Client.ResumeInstanceAsync("changing", "too early", Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await bench.GetAsync("changing")).RuntimeStatus);
        changed = false;
        await bench.RestartAsync();
        await bench.Client.ResumeInstanceAsync("changing", "mended", Token);
        Assert.Equal("went y!", (await bench.Engine.PumpAsync("changing", Token)).ReadOutputAs<string>());
    }

    private static EngineBench Bench(Action<DurableTaskRegistry>? more = null) => new(registry =>
    {
        registry.AddActivity<Step>().AddOrchestrator<FiveSteps>().AddOrchestrator<Sleeper>();
        more?.Invoke(registry);
    });

    private static async Task ExecuteAsync(EngineBench bench, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={bench.HubPath};Pooling=false");
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.Equal(1, await command.ExecuteNonQueryAsync(Token));
    }

    /// <summary>As an async void method of an orchestrator that throws.</summary>
#pragma warning disable VSTHRD001 // there is no main thread, and the context is the turn's own
    private static void BreakTurn() => SynchronizationContext.Current!.Post(_ => throw new InvalidDataException("a callback broke"), null);
#pragma warning restore VSTHRD001
}
