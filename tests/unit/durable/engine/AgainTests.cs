using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>Restart and rewind.</summary>
public sealed class AgainTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Restart_starts_anew_with_the_same_name_and_input()
    {
        await using var bench = Bench(async context => $"{context.GetInput<string>()} {await context.CallActivityAsync<string>("Do", "a")}");
        await bench.StartAsync("Main", "in");
        await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Client.RestartAsync("main", false, Token));
        await bench.Engine.PumpAsync("main", Token);
        Assert.Equal("main", await bench.Client.RestartAsync("main", false, Token));
        Assert.Equal("in a", (await bench.Engine.PumpAsync("main", Token)).ReadOutputAs<string>());
        var other = await bench.Client.RestartAsync("main", true, Token);
        Assert.NotEqual("main", other);
        Assert.Equal("in a", (await bench.Engine.PumpAsync(other, Token)).ReadOutputAs<string>());
        Assert.Equal(3, bench.Journal.Lines.Count);
        await Assert.ThrowsAsync<ArgumentException>(() => bench.Client.RestartAsync("nobody", true, Token));
    }

    [Fact]
    public async Task Only_what_failed_is_done_again()
    {
        await using var bench = Bench(async context =>
            $"{await context.CallActivityAsync<string>("Do", "a")} {await context.CallActivityAsync<string>("Do", "b!")} {await context.CallActivityAsync<string>("Do", "c")}");
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await bench.RunAsync("Main")).RuntimeStatus);
        Assert.Equal("a b! c", await RewindAsync(bench));
        Assert.Equal(["a", "b!", "mended", "b!", "c"], Tidy([.. bench.Journal.Lines]));
        var history = await bench.Client.GetOrchestrationHistoryAsync("main", Token);
        Assert.Single(history.OfType<TaskFailedEvent>());
        Assert.Equal("mended", Assert.Single(history.OfType<ExecutionRewoundEvent>()).Reason);
        await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Client.RewindInstanceAsync("main", "again", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => bench.Client.RewindInstanceAsync("nobody", "again", Token));
    }

    [Fact]
    public async Task A_rewound_instance_may_fail_and_be_rewound_again_even_over_a_restart()
    {
        await using var bench = Bench(async context => $"{await context.CallActivityAsync<string>("Do", "a!")} {await context.CallActivityAsync<string>("Do", "b!")}");
        await bench.RunAsync("Main");
        bench.Journal.Write("mended a!");
        await bench.Client.RewindInstanceAsync("main", "one", Token);
        await bench.RestartAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await bench.Engine.PumpAsync("main", Token)).RuntimeStatus);
        bench.Journal.Write("mended b!");
        await bench.Client.RewindInstanceAsync("main", "two", Token);
        await bench.RestartAsync();
        Assert.Equal("a! b!", (await bench.Engine.PumpAsync("main", Token)).ReadOutputAs<string>());
        Assert.Equal(["a!", "mended a!", "a!", "b!", "mended b!", "b!"], bench.Journal.Lines);
    }

    [Fact]
    public async Task All_failures_of_a_fan_out_are_done_again_and_its_successes_are_not()
    {
        await using var bench = Bench(async context =>
        {
            var all = new[] { "a!", "b", "c!", "d" }.Select(one => context.CallActivityAsync<string>("Do", one)).ToArray();
            var joined = string.Concat(await Task.WhenAll(all));
            return $"{joined} {await context.CallActivityAsync<string>("Do", "e")}";
        });
        await bench.RunAsync("Main");
        Assert.Equal("a!bc!d e", await RewindAsync(bench));
        Assert.Equal(["a!", "b", "c!", "d", "mended", "a!", "c!", "e"], Tidy([.. bench.Journal.Lines]));
    }

    [Fact]
    public async Task A_used_up_retry_gets_one_more_attempt_and_undo_runs_anew()
    {
        await using var bench = Bench(async context =>
        {
            await context.CallActivityAsync("Do", "a");
            try
            {
                return await context.CallActivityAsync<string>("Do", "b!", TaskOptions.FromRetryPolicy(new RetryPolicy(3, TimeSpan.FromMinutes(1))));
            }
            catch (TaskFailedException)
            {
                await context.CallActivityAsync("Do", "undo");
                throw;
            }
        });
        await bench.RunAsync("Main");
        Assert.Equal("b!", await RewindAsync(bench));
        Assert.Equal(["a", "b!", "b!", "b!", "undo", "mended", "b!"], Tidy([.. bench.Journal.Lines]));
    }

    [Fact]
    public async Task An_orchestrator_that_threw_by_itself_runs_its_last_turn_again()
    {
        var broken = true;
        await using var bench = Bench(async context =>
        {
            var first = await context.CallActivityAsync<string>("Do", "a");
            return broken ? throw new InvalidDataException("a bug") : $"{first} {await context.CallActivityAsync<string>("Do", "b")}";
        });
        await bench.RunAsync("Main");
        broken = false;
        Assert.Equal("a b", await RewindAsync(bench));
    }

    [Fact]
    public async Task Failed_children_are_rewound_timers_and_finished_siblings_are_kept()
    {
        await using var bench = Bench(
            async context =>
            {
                var timer = context.CreateTimer(TimeSpan.FromDays(1), CancellationToken.None);
                var child = context.CallSubOrchestratorAsync<string>("Child", "c!", new SubOrchestrationOptions(instanceId: "child"));
                var sibling = context.CallSubOrchestratorAsync<string>("Child", "s", new SubOrchestrationOptions(instanceId: "sibling"));
                var joined = string.Join(' ', await Task.WhenAll(child, sibling));
                await timer;
                return joined;
            },
            async child => $"{await child.CallActivityAsync<string>("Do", "first")} {await child.CallActivityAsync<string>("Do", child.GetInput<string>())}");
        await bench.RunAsync("Main");
        Assert.Equal("first c! first s", await RewindAsync(bench));
        Assert.Equal(4, bench.Journal.Lines.TakeWhile(line => !line.StartsWith("mended", StringComparison.Ordinal)).Count());
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await bench.GetAsync("child")).RuntimeStatus);
    }

    [Fact]
    public async Task A_child_that_ended_while_its_parent_was_failed_is_heard_of()
    {
        await using var bench = Bench(
            async context =>
            {
                var child = context.CallSubOrchestratorAsync<string>("Child", new SubOrchestrationOptions(instanceId: "child"));
                await context.CallActivityAsync("Do", "a!");
                return await child;
            },
            async child => await child.WaitForExternalEvent<string>("go"));
        await bench.RunAsync("Main");
        await bench.Client.RaiseEventAsync("child", "go", "went", Token);
        await bench.Engine.PumpAsync("child", Token);
        Assert.Equal("went", await RewindAsync(bench));
    }

    [Fact]
    public async Task A_child_that_ends_between_the_look_and_the_rewind_is_heard_of_even_over_a_crash()
    {
        var hub = new MeddlingHub(int.MaxValue);
        await using var bench = Bench(
            async context =>
            {
                var child = context.CallSubOrchestratorAsync<string>("Child", new SubOrchestrationOptions(instanceId: "child"));
                await context.CallActivityAsync("Do", "a!");
                return await child;
            },
            async child => await child.WaitForExternalEvent<string>("go"));
        bench.Decorate = hub.Over;
        await bench.RunAsync("Main");
        await bench.Client.RaiseEventAsync("child", "go", "went", Token);
        await bench.Engine.PumpAsync("child", Token);
        bench.Journal.Write("mended a!");
        // The rewind still sees it alive; the process dies before anything else is done.
        hub.OnRead = record => record?.InstanceId == "child" ? record with { Status = OrchestrationRuntimeStatus.Running } : record;
        await bench.Client.RewindInstanceAsync("main", "mended", Token);
        hub.OnRead = record => record;
        await bench.RestartAsync();
        Assert.Equal("went", (await bench.Engine.PumpAsync("main", Token)).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_child_that_is_gone_begins_anew_whoever_has_had_its_id_since(bool wasThere)
    {
        var hub = new MeddlingHub(int.MaxValue);
        await using var bench = Bench(
            async context =>
            {
                var child = context.CallSubOrchestratorAsync<string>("Child", "its own", new SubOrchestrationOptions(instanceId: "child"));
                await context.CallActivityAsync("Do", "a!");
                return await child;
            },
            async child => $"{child.GetInput<string>()} {await child.WaitForExternalEvent<string>("go")}");
        bench.Decorate = hub.Over;
        await bench.RunAsync("Main");
        var execution = (await bench.Hub.ReadInstanceAsync("child", withData: false, Token))!.ExecutionId;
        await bench.Client.TerminateInstanceAsync("child", "not wanted", Token);
        await bench.Engine.PumpAsync("child", Token);
        await bench.Client.PurgeInstanceAsync("child", Token);
        await bench.Client.ScheduleNewOrchestrationInstanceAsync("Child", "a stranger's", new StartOrchestrationOptions("child"), Token);
        await bench.Client.RaiseEventAsync("child", "go", "went", Token);
        await bench.Engine.PumpAsync("child", Token);
        bench.Journal.Write("mended a!");
        if (wasThere)
        {
            // The rewind still sees it alive, and a stranger's end is not its end.
            hub.OnRead = record => record?.InstanceId == "child" ? record with { Status = OrchestrationRuntimeStatus.Running, ExecutionId = execution } : record;
        }
        await bench.Client.RewindInstanceAsync("main", "mended", Token);
        hub.OnRead = record => record;
        await bench.RestartAsync();
        if (!wasThere)
            await bench.Client.RaiseEventAsync("child", "go", "anew", Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        var main = await bench.GetAsync("main");
        Assert.Equal(wasThere ? (OrchestrationRuntimeStatus.Running, null) : (OrchestrationRuntimeStatus.Completed, "\"its own anew\""), (main.RuntimeStatus, main.SerializedOutput));
    }

    [Fact]
    public async Task A_child_that_has_continued_as_new_is_still_its_parents()
    {
        await using var bench = Bench(
            async context =>
            {
                var child = context.CallSubOrchestratorAsync<string>("Child", "first", new SubOrchestrationOptions(instanceId: "child"));
                await context.CallActivityAsync("Do", "a!");
                return await child;
            },
            async child =>
            {
                if (child.GetInput<string>() == "second")
                    return await child.WaitForExternalEvent<string>("go");
                child.ContinueAsNew("second");
                return null;
            });
        await bench.RunAsync("Main");
        await bench.Client.RaiseEventAsync("child", "go", "went", Token);
        await bench.Engine.PumpAsync("child", Token);
        Assert.Equal("went", await RewindAsync(bench));
    }

    private static string[] Tidy(string[] lines) => [.. lines.Select(line => line.StartsWith("mended", StringComparison.Ordinal) ? "mended" : line)];

    private static async Task<string?> RewindAsync(EngineBench bench)
    {
        bench.Journal.Write("mended a! b! c!");
        await bench.Client.RewindInstanceAsync("main", "mended", Token);
        return (await bench.Engine.PumpAsync("main", Token)).ReadOutputAs<string>();
    }

    private static EngineBench Bench(Func<TaskOrchestrationContext, Task<object?>> main, Func<TaskOrchestrationContext, Task<object?>>? child = null) => new(registry => registry
        .AddActivity("Do", default, services => new Do((Journal)services.GetService(typeof(Journal))!))
        .AddOrchestrator("Main", default, () => new Code(main))
        .AddOrchestrator("Child", default, () => new Code(child ?? (_ => Task.FromResult<object?>(null)))));

    /// <summary>What ends with ! fails until it is mended.</summary>
    private sealed class Do(Journal journal) : TaskActivity<string, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, string input)
        {
            var mended = !input.EndsWith('!') || journal.Lines.Any(line => line.StartsWith("mended", StringComparison.Ordinal) && line.Contains(input, StringComparison.Ordinal));
            journal.Write(input);
            return mended ? Task.FromResult(input) : throw new InvalidDataException($"{input} fails");
        }
    }
}
