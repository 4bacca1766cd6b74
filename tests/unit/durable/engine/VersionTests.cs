using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class VersionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(VersionMatchStrategy.None, "9.0", true)]
    [InlineData(VersionMatchStrategy.Strict, "1.5", true)]
    [InlineData(VersionMatchStrategy.Strict, "1.4", false)]
    [InlineData(VersionMatchStrategy.Strict, "", false)]
    [InlineData(VersionMatchStrategy.CurrentOrOlder, "", true)]
    [InlineData(VersionMatchStrategy.CurrentOrOlder, "1.4.9", true)]
    [InlineData(VersionMatchStrategy.CurrentOrOlder, "1.5", true)]
    [InlineData(VersionMatchStrategy.CurrentOrOlder, "1.10", false)]
    public async Task A_version_that_does_not_match_waits_with_the_reason_and_others_go_on(VersionMatchStrategy strategy, string version, bool runs)
    {
        await using var bench = Bench(options => (options.DefaultVersion, options.VersionMatchStrategy) = ("1.5", strategy));
        await bench.Client.ScheduleNewOrchestrationInstanceAsync("Versioned", new StartOrchestrationOptions("it") { Version = version }, Token);
        await bench.Client.ScheduleNewOrchestrationInstanceAsync("Versioned", new StartOrchestrationOptions("other"), Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal("1.5", (await bench.GetAsync("other")).ReadOutputAs<string>());
        var it = await bench.GetAsync("it");
        Assert.Equal(runs ? OrchestrationRuntimeStatus.Completed : OrchestrationRuntimeStatus.Pending, it.RuntimeStatus);
        if (!runs)
            Assert.Contains($"version '{version}'", it.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mismatch_fails_where_that_is_the_setting()
    {
        await using var bench = Bench(options => (options.DefaultVersion, options.VersionMatchStrategy, options.VersionFailureStrategy) = ("1.5", VersionMatchStrategy.Strict, VersionFailureStrategy.Fail));
        await bench.Client.ScheduleNewOrchestrationInstanceAsync("Versioned", new StartOrchestrationOptions("it") { Version = "2" }, Token);
        var end = await bench.Engine.PumpAsync("it", Token);
        Assert.Equal((OrchestrationRuntimeStatus.Failed, "VersionMismatch"), (end.RuntimeStatus, end.FailureDetails!.ErrorType));
    }

    [Fact]
    public async Task A_parent_hears_of_a_child_that_fails_for_its_version_before_its_first_turn()
    {
        await using var bench = new EngineBench(registry => registry
            .AddOrchestrator("Child", default, () => new Code(context => Task.FromResult<object?>(context.Version)))
            .AddOrchestrator("Parent", default, () => new Code(async context =>
            {
                try
                {
                    return await context.CallSubOrchestratorAsync<string>("Child", new SubOrchestrationOptions { Version = "7" });
                }
                catch (TaskFailedException failure)
                {
                    return failure.FailureDetails.ErrorType;
                }
            })))
        {
            Configure = options => (options.DefaultVersion, options.VersionMatchStrategy, options.VersionFailureStrategy) = ("1.5", VersionMatchStrategy.Strict, VersionFailureStrategy.Fail),
        };
        Assert.Equal("VersionMismatch", (await bench.RunAsync("Parent")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Each_version_may_have_a_class_of_its_own_and_ContinueAsNew_goes_from_one_to_the_next()
    {
        await using var bench = new EngineBench(registry => registry
            .AddActivity("Which", "1.0", _ => new Says("activity 1")).AddActivity("Which", "2.0", _ => new Says("activity 2"))
            .AddOrchestrator("Versioned", "1.0", () => new Code(async context =>
            {
                context.ContinueAsNew(new ContinueAsNewOptions { NewVersion = "2.0", NewInput = await context.CallActivityAsync<string>("Which") });
                return null;
            }))
            .AddOrchestrator("Versioned", "2.0", () => new Code(async context =>
                $"{context.GetInput<string>()}, {context.Version}, {await context.CallActivityAsync<string>("Which")}, {context.CompareVersionTo("1.9")}, {context.CompareVersionTo("10.0")}")));
        await bench.Client.ScheduleNewOrchestrationInstanceAsync("Versioned", new StartOrchestrationOptions("it") { Version = "1.0" }, Token);
        Assert.Equal("activity 1, 2.0, activity 2, 1, -1", (await bench.Engine.PumpAsync("it", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_child_gets_the_default_version_unless_told()
    {
        await using var bench = new EngineBench(registry => registry
            .AddOrchestrator("Child", default, () => new Code(context => Task.FromResult<object?>(context.Version)))
            .AddOrchestrator("Parent", default, () => new Code(async context =>
                $"{await context.CallSubOrchestratorAsync<string>("Child")} {await context.CallSubOrchestratorAsync<string>("Child", new SubOrchestrationOptions { Version = "7" })}")))
        {
            Configure = options => options.DefaultVersion = "1.5",
        };
        Assert.Equal("1.5 7", (await bench.RunAsync("Parent")).ReadOutputAs<string>());
    }

    private static EngineBench Bench(Action<DurableEngineOptions> configure) =>
        new(registry => registry.AddOrchestrator("Versioned", default, () => new Code(context => Task.FromResult<object?>(context.Version)))) { Configure = configure };

    private sealed class Says(string text) : TaskActivity<object?, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, object? input) => Task.FromResult(text);
    }
}
