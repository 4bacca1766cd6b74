using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Tests.Unit.Durable.Engine;
using Xunit;

namespace SnapshotWorkflows.Tests.Properties;

/// <summary>Whatever comes to an instance, in whatever order, it ends once; and whoever loads it after any of its turns finds what its history says.</summary>
public sealed class EngineProperties
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(EngineBench.PropertyCases).WithQuietOnSuccess(true);

    [Fact]
    public void Any_interleaving_of_events_ends_in_one_terminal_state_and_every_prefix_replays() =>
        Prop.ForAll(Happenings(), happenings => RunAsync(happenings).GetAwaiter().GetResult()).Check(s_config);

    /// <summary>What comes from outside, between steps of the engine.</summary>
    private enum Happening
    {
        RaiseFirst,
        RaiseSecond,
        RaiseUnknown,
        Suspend,
        Resume,
        Terminate,
        Pump,
        NewEngine,
        Start,
    }

    private static Arbitrary<Happening[]> Happenings() => Arb.From(Gen.Frequency(
        (4, Gen.Elements(Happening.RaiseFirst, Happening.RaiseSecond, Happening.RaiseUnknown)),
        (3, Gen.Elements(Happening.Suspend, Happening.Resume)),
        (5, Gen.Constant(Happening.Pump)),
        (1, Gen.Constant(Happening.Start)),
        (1, Gen.Elements(Happening.Terminate, Happening.NewEngine))).ArrayOf());

    private static async Task<bool> RunAsync(Happening[] happenings)
    {
        await using var bench = new EngineBench(Register);
        await StartAsync(bench);
        foreach (var happening in happenings)
            await HappenAsync(bench, happening);
        // A suspension on its way must have come before it can be lifted.
        await HappenAsync(bench, Happening.Pump);
        await HappenAsync(bench, Happening.Resume);
        await HappenAsync(bench, Happening.RaiseFirst);
        await HappenAsync(bench, Happening.RaiseSecond);
        var end = await bench.Engine.PumpAsync("main", CancellationToken.None);
        await bench.Engine.PumpUntilIdleAsync(CancellationToken.None);

        var history = await bench.Client.GetOrchestrationHistoryAsync("main");
        var recorded = history.OfType<ExecutionCompletedEvent>().Single();
        var ends = history.OfType<TaskCompletedEvent>().Select(one => one.TaskScheduledId).ToArray();
        var work = await bench.Hub.ReadPendingWorkAsync(CancellationToken.None);
        HistoryReplay.CheckEveryTurn(bench.Services.GetRequiredService<DurableTaskRegistry>(), [.. history]);
        return end.IsCompleted && recorded.OrchestrationStatus == end.RuntimeStatus
            && (end.RuntimeStatus == OrchestrationRuntimeStatus.Terminated) == history.OfType<ExecutionTerminatedEvent>().Any()
            && ends.Distinct().Count() == ends.Length
            && work.Activities.Count == 0 && work.Wakes.Count == 0;
    }

    private static async Task StartAsync(EngineBench bench) =>
        await bench.Client.ScheduleNewOrchestrationInstanceAsync(nameof(Mixed), null, new StartOrchestrationOptions("main"));

    private static async Task HappenAsync(EngineBench bench, Happening happening)
    {
        try
        {
            switch (happening)
            {
                case Happening.RaiseFirst: await bench.Client.RaiseEventAsync("main", "first", 1); break;
                case Happening.RaiseSecond: await bench.Client.RaiseEventAsync("main", "SECOND", 2); break;
                case Happening.RaiseUnknown: await bench.Client.RaiseEventAsync("main", "nobody waits", 3); break;
                case Happening.Suspend: await bench.Client.SuspendInstanceAsync("main", "property"); break;
                case Happening.Resume: await bench.Client.ResumeInstanceAsync("main"); break;
                case Happening.Terminate: await bench.Client.TerminateInstanceAsync("main"); break;
                case Happening.Pump: await bench.Engine.PumpUntilIdleAsync(CancellationToken.None); break;
                case Happening.NewEngine: await bench.RestartAsync(); break;
                case Happening.Start: await StartAsync(bench); break;
            }
        }
        catch (OrchestrationAlreadyExistsException) when (happening == Happening.Start)
        {
            // It lives: a second start is refused.
        }
        catch (InvalidOperationException) when (happening is Happening.Suspend or Happening.Resume or Happening.Terminate)
        {
            // Refused in the status that it has, as the API does with 409 or 410.
        }
    }

    private static void Register(DurableTaskRegistry registry) => registry.AddOrchestrator<Mixed>().AddActivity<Echo>();

    /// <summary>Activities one after the other and side by side, a timer, two events, one of them with a time-out.</summary>
    private sealed class Mixed : TaskOrchestrator<object?, int>
    {
        public override async Task<int> RunAsync(TaskOrchestrationContext context, object? input)
        {
            var sum = await context.CallActivityAsync<int>(nameof(Echo), 1);
            var first = context.WaitForExternalEvent<int>("first");
            var both = await Task.WhenAll(context.CallActivityAsync<int>(nameof(Echo), 2), context.CallActivityAsync<int>(nameof(Echo), 3));
            await context.CreateTimer(TimeSpan.FromMinutes(5), CancellationToken.None);
            sum += both.Sum() + await first;
            try
            {
                sum += await context.WaitForExternalEvent<int>("second", TimeSpan.FromHours(1));
            }
            catch (TaskCanceledException)
            {
                sum += await context.CallActivityAsync<int>(nameof(Echo), 100);
            }
            return sum;
        }
    }

    private sealed class Echo : TaskActivity<int, int>
    {
        public override Task<int> RunAsync(TaskActivityContext context, int input) => Task.FromResult(input);
    }
}
