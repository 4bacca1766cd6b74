using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>Timers, children, ContinueAsNew and rewind, killed before and after every commit: the result is as if nothing had happened, and no call has two recorded ends.</summary>
public sealed class FeatureCrashTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, int> Features => new()
    {
        { "Timers", "2:00:00 step1!", 6 },
        { "Parent", "child1! child2! step3!", 12 },
        { "Again", "round3! kept", 10 },
        { "Cancelled", "cancelled", 6 },
    };

    [Theory]
    [MemberData(nameof(Features))]
    public async Task A_crash_at_any_commit_changes_nothing_of_the_outcome(string name, string outcome, int atLeast)
    {
        var points = await AtEveryCommitAsync(async bench => await RunAsync(bench, name), async bench =>
        {
            var end = await bench.GetAsync("main");
            Assert.Equal(outcome, end.ReadOutputAs<string>());
        });
        Assert.True(points >= atLeast, $"only {points} points were reached");
    }

    [Fact]
    public async Task A_rewind_is_survived_at_every_commit()
    {
        var points = await AtEveryCommitAsync(
            async bench =>
            {
                if (await bench.Client.GetInstanceAsync("main", Token) is null)
                    await bench.Client.ScheduleNewOrchestrationInstanceAsync("Fragile", null, new StartOrchestrationOptions("main"), Token);
                if ((await bench.Engine.PumpAsync("main", Token)).RuntimeStatus == OrchestrationRuntimeStatus.Failed)
                {
                    bench.Journal.Write("mended");
                    await bench.Client.RewindInstanceAsync("main", "mended", Token);
                    await bench.Engine.PumpAsync("main", Token);
                }
            },
            async bench =>
            {
                Assert.Equal("step1! done", (await bench.GetAsync("main")).ReadOutputAs<string>());
                var history = await bench.Client.GetOrchestrationHistoryAsync("main", Token);
                Assert.Single(history.OfType<ExecutionRewoundEvent>());
                Assert.Single(history.OfType<TaskFailedEvent>());
            });
        Assert.True(points >= 10, $"only {points} points were reached");
    }

    private static async Task RunAsync(EngineBench bench, string name)
    {
        if (await bench.Client.GetInstanceAsync("main", Token) is null)
            await bench.Client.ScheduleNewOrchestrationInstanceAsync(name, 1, new StartOrchestrationOptions("main"), Token);
        await bench.Engine.PumpAsync("main", Token);
    }

    private static async Task<int> AtEveryCommitAsync(Func<EngineBench, Task> run, Func<EngineBench, Task> check)
    {
        for (var fatal = 0; ; fatal++)
        {
            await using var bench = new EngineBench(Register) { Configure = options => options.MaxBatchSize = fatal % 2 == 0 ? 1 : 64 };
            CrashingHub? hub = null;
            bench.Decorate = inner => hub = new CrashingHub(inner, fatal / 2);
            try
            {
                await run(bench);
            }
            catch (SimulatedCrash)
            {
                // As intended; the next engine takes over.
            }
            if (hub!.Dead)
            {
                await bench.RestartAsync();
                bench.Decorate = inner => inner;
                await run(bench);
            }
            await check(bench);
            await CheckAsync(bench);
            if (!hub.Dead && fatal % 2 == 1)
                return fatal / 2;
        }
    }

    /// <summary>Of every instance: ended once, one end a call; and nothing is left to do.</summary>
    private static async Task CheckAsync(EngineBench bench)
    {
        await bench.Engine.PumpUntilIdleAsync(Token);
        await foreach (var instance in bench.Client.GetAllInstancesAsync(new OrchestrationQuery()).WithCancellation(Token))
        {
            var history = await bench.Client.GetOrchestrationHistoryAsync(instance.InstanceId, Token);
            Assert.Equal(OrchestrationRuntimeStatus.Completed, instance.RuntimeStatus);
            Assert.Equal(OrchestrationRuntimeStatus.Completed, history.OfType<ExecutionCompletedEvent>().Last().OrchestrationStatus);
            var ends = history.OfType<TaskCompletedEvent>().Select(one => one.TaskScheduledId)
                .Concat(history.OfType<SubOrchestrationInstanceCompletedEvent>().Select(one => one.TaskScheduledId))
                .Concat(history.OfType<TimerFiredEvent>().Select(one => one.TimerId)).ToArray();
            Assert.Equal(ends.Distinct(), ends);
        }
        var work = await bench.Hub.ReadPendingWorkAsync(Token);
        Assert.Empty(work.Activities);
        Assert.Empty(work.Wakes);
    }

    private static void Register(DurableTaskRegistry registry) => registry.AddActivity<Step>().AddActivity<FailsOnce>().AddActivity<LongCopy>()
        .AddOrchestrator("Timers", default, () => new Code(async context =>
        {
            var began = context.CurrentUtcDateTime;
            await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            await Task.WhenAll(context.CreateTimer(TimeSpan.FromMinutes(30), CancellationToken.None), context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None));
            return $"{context.CurrentUtcDateTime - began:h\\:mm\\:ss} {await context.CallActivityAsync<string>(nameof(Step), "step1")}";
        }))
        .AddOrchestrator("Child", default, () => new Code(async context => await context.CallActivityAsync<string>(nameof(Step), $"child{context.GetInput<int>()}")))
        .AddOrchestrator("Parent", default, () => new Code(async context =>
        {
            var children = await Task.WhenAll(context.CallSubOrchestratorAsync<string>("Child", 1), context.CallSubOrchestratorAsync<string>("Child", 2));
            return $"{children[0]} {children[1]} {await context.CallActivityAsync<string>(nameof(Step), "step3")}";
        }))
        .AddOrchestrator("Again", default, () => new Code(async context =>
        {
            var round = context.GetInput<int>();
            if (round == 1)
                context.SendEvent("main", "note", "kept");
            var result = await context.CallActivityAsync<string>(nameof(Step), $"round{round}");
            if (round == 3)
                return $"{result} {await context.WaitForExternalEvent<string>("note")}";
            context.ContinueAsNew(round + 1);
            return null;
        }))
        .AddOrchestrator("Cancelled", default, () => new Code(async context =>
        {
            // The event is there before the call that it cancels, and is carried over to the execution that makes the call.
            if (context.GetInput<int>() == 1)
            {
                context.SendEvent("main", "Cancel", "early");
                await context.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
                context.ContinueAsNew(2);
                return null;
            }
            try
            {
                return await context.CallActivityAsync<string>(nameof(LongCopy), null, new TaskOptions(null, new Dictionary<string, string> { [ActivityTags.CancelOnEvent] = "Cancel" }));
            }
            catch (TaskFailedException failure) when (failure.FailureDetails.IsCausedBy<OperationCanceledException>())
            {
                return "cancelled";
            }
        }))
        .AddOrchestrator("Fragile", default, () => new Code(async context =>
            $"{await context.CallActivityAsync<string>(nameof(Step), "step1")} {await context.CallActivityAsync<string>(nameof(FailsOnce))}"));

    /// <summary>Fails until the journal says that it is mended.</summary>
    private sealed class FailsOnce(Journal journal) : TaskActivity<object?, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, object? input) =>
            journal.Lines.Contains("mended") ? Task.FromResult("done") : throw new InvalidDataException("not yet");
    }
}
