using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Tests.Unit.Durable.Engine;
using Xunit;

namespace SnapshotWorkflows.Tests.Properties;

/// <summary>
/// An instance that begins anew for every event it takes, and has children, an entity, a critical section and calls that are cancelled do the work. Whatever comes between, each event counts
/// once, and nothing of it is left.
/// </summary>
public sealed class RenewalProperties
{
    private const string Added = "add";
    private const string Cancel = "Cancel";
    private static readonly EntityInstanceId s_total = new(nameof(Total), "t");
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(EngineBench.PropertyCases).WithQuietOnSuccess(true);

    [Fact]
    public void Every_event_counts_once_however_often_the_instance_begins_anew_and_nothing_is_left() =>
        Prop.ForAll(Happenings(), happenings => RunAsync(happenings).GetAwaiter().GetResult()).Check(s_config);

    /// <summary>What comes from outside, between steps of the engine. The first four are work; each adds a number of its own.</summary>
    private enum Happening
    {
        ByChild,
        ByEntity,
        InSection,
        ByCall,
        ByCancelledCall,
        Suspend,
        Resume,
        CancelNothing,
        Pump,
        Step,
        NewEngine,
        Terminate,
    }

    private sealed record Work(int Number, Happening How);

    private sealed record Sum(int Value, int Cancelled);

    private static Arbitrary<Happening[]> Happenings() => Arb.From(Gen.Frequency(
        (6, Gen.Elements(Happening.ByChild, Happening.ByEntity, Happening.InSection, Happening.ByCall, Happening.ByCancelledCall)),
        (3, Gen.Elements(Happening.Suspend, Happening.Resume, Happening.CancelNothing)),
        (4, Gen.Elements(Happening.Pump, Happening.Step)),
        (2, Gen.Constant(Happening.NewEngine)),
        (1, Gen.Elements(Happening.Terminate, Happening.NewEngine, Happening.Step, Happening.Step))).ArrayOf());

    private static async Task<bool> RunAsync(Happening[] happenings)
    {
        // Nothing here waits for a socket: a step that has nothing to do may say so soon.
        await using var bench = new EngineBench(Register) { Configure = options => options.PumpLongGrace = TimeSpan.FromMilliseconds(10) };
        await bench.Client.ScheduleNewOrchestrationInstanceAsync(nameof(Renewed), new Sum(0, 0), new StartOrchestrationOptions("main"));
        var work = new List<Work>();
        foreach (var happening in happenings)
            await HappenAsync(bench, happening, work);
        await HappenAsync(bench, Happening.Pump, work);
        await HappenAsync(bench, Happening.Resume, work);
        await bench.Client.RaiseEventAsync("main", Added, new Work(0, Happening.Pump));
        var end = await bench.Engine.PumpAsync("main", CancellationToken.None);
        // Children of one that was terminated, and notices of ends, are on their way.
        await bench.Engine.PumpUntilIdleAsync(CancellationToken.None);
        await AssertNothingIsLeftAsync(bench);
        var terminated = end.RuntimeStatus == OrchestrationRuntimeStatus.Terminated;
        var total = (await bench.Client.Entities.GetEntityAsync<int>(s_total))?.State ?? 0;
        var most = work.Where(one => one.How is Happening.ByEntity or Happening.InSection).Sum(one => one.Number);
        HistoryReplay.CheckEveryTurn(bench.Services.GetRequiredService<DurableTaskRegistry>(), [.. await bench.Client.GetOrchestrationHistoryAsync("main")]);
        if (terminated)
            return total <= most;
        var sum = end.ReadOutputAs<Sum>()!;
        return end.RuntimeStatus == OrchestrationRuntimeStatus.Completed && sum.Value == work.Sum(one => one.Number) && total == most
            && sum.Cancelled == bench.Journal.Lines.Count(line => line == "undone");
    }

    private static async Task AssertNothingIsLeftAsync(EngineBench bench)
    {
        var pending = await bench.Hub.ReadPendingWorkAsync(CancellationToken.None);
        Assert.Empty(pending.Activities);
        Assert.Empty(pending.Wakes);
        await foreach (var instance in bench.Client.GetAllInstancesAsync(new OrchestrationQuery()))
            Assert.True(instance.IsCompleted, $"{instance.Name} {instance.InstanceId} is {instance.RuntimeStatus}");
        Assert.Null((await bench.Hub.ReadEntityAsync(s_total.ToString(), withState: false, CancellationToken.None))?.LockedBy);
    }

    private static async Task HappenAsync(EngineBench bench, Happening happening, List<Work> work)
    {
        try
        {
            switch (happening)
            {
                case Happening.Suspend: await bench.Client.SuspendInstanceAsync("main", "property"); break;
                case Happening.Resume: await bench.Client.ResumeInstanceAsync("main"); break;
                case Happening.Terminate: await bench.Client.TerminateInstanceAsync("main"); break;
                case Happening.CancelNothing: await bench.Client.RaiseEventAsync("main", Cancel); break;
                case Happening.Pump: await bench.Engine.PumpUntilIdleAsync(CancellationToken.None); break;
                case Happening.Step: await StepAsync(bench); break;
                case Happening.NewEngine: await bench.RestartAsync(); break;
                default:
                    // Powers of two: a sum that is right by chance is made of the same numbers.
                    var one = new Work(1 << (work.Count % 20), happening);
                    await bench.Client.RaiseEventAsync("main", Added, one);
                    work.Add(one);
                    break;
            }
        }
        catch (InvalidOperationException) when (happening is Happening.Suspend or Happening.Resume or Happening.Terminate)
        {
            // Refused in the status that it has, as the API does with 409 or 410.
        }
    }

    /// <summary>One transaction, or one activity: whatever comes next comes in the middle of things.</summary>
    private static async Task StepAsync(EngineBench bench)
    {
        var steps = 0;
        try
        {
            await bench.Engine.PumpAsync(() => steps++ == 1, CancellationToken.None);
        }
        catch (PumpStalledException)
        {
            // There was nothing to do.
        }
    }

    private static void Register(DurableTaskRegistry registry) => registry
        .AddOrchestrator<Renewed>().AddOrchestrator<Parcel>().AddEntity<Total>().AddActivity<Carry>().AddActivity<CancelledCarry>().AddActivity<Undo>();

    private sealed class Renewed : TaskOrchestrator<Sum, Sum>
    {
        public override async Task<Sum> RunAsync(TaskOrchestrationContext context, Sum input)
        {
            var work = await context.WaitForExternalEvent<Work>(Added);
            if (work.Number == 0)
                return input;
            context.ContinueAsNew(await DoAsync(context, work) ? input with { Value = input.Value + work.Number } : new Sum(input.Value + work.Number, input.Cancelled + 1));
            return input;
        }

        /// <returns>False if it was cancelled, and undone.</returns>
        private static async Task<bool> DoAsync(TaskOrchestrationContext context, Work work)
        {
            switch (work.How)
            {
                case Happening.ByChild:
                    await context.CallSubOrchestratorAsync<int>(nameof(Parcel), work.Number);
                    return true;
                case Happening.ByEntity:
                    await context.Entities.CallEntityAsync(s_total, nameof(Total.Add), work.Number);
                    return true;
                case Happening.InSection:
                    await using (await context.Entities.LockEntitiesAsync(s_total))
                    {
                        await context.CallActivityAsync<int>(nameof(Carry), work.Number);
                        await context.Entities.CallEntityAsync(s_total, nameof(Total.Add), work.Number);
                    }
                    return true;
                case Happening.ByCall:
                    await context.CallActivityAsync<int>(nameof(Carry), work.Number);
                    return true;
                default:
                    try
                    {
                        var tags = new Dictionary<string, string>(StringComparer.Ordinal) { [ActivityTags.CancelOnEvent] = Cancel };
                        await context.CallActivityAsync<int>(nameof(CancelledCarry), work.Number, new TaskOptions(tags: tags));
                        return true;
                    }
                    catch (TaskFailedException)
                    {
                        await context.CallActivityAsync<int>(nameof(Undo), work.Number);
                        return false;
                    }
            }
        }
    }

    private sealed class Parcel : TaskOrchestrator<int, int>
    {
        public override async Task<int> RunAsync(TaskOrchestrationContext context, int input)
        {
            await context.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
            return await context.CallActivityAsync<int>(nameof(Carry), input);
        }
    }

    private sealed class Total : TaskEntity<int>
    {
        public void Add(int number) => State += number;
    }

    private sealed class Carry : TaskActivity<int, int>
    {
        public override Task<int> RunAsync(TaskActivityContext context, int input) => Task.FromResult(input);
    }

    /// <summary>Asks for its own end, and waits for it where that can come.</summary>
    private sealed class CancelledCarry(DurableTaskClient client, IActivityExecution execution) : TaskActivity<int, int>
    {
        public override async Task<int> RunAsync(TaskActivityContext context, int input)
        {
            await client.RaiseEventAsync(context.InstanceId, Cancel);
            if ((await client.GetInstanceAsync(context.InstanceId))!.RuntimeStatus == OrchestrationRuntimeStatus.Running)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, execution.CancellationToken);
            return input;
        }
    }

    private sealed class Undo(Journal journal) : TaskActivity<int, int>
    {
        public override Task<int> RunAsync(TaskActivityContext context, int input)
        {
            journal.Write("undone");
            return Task.FromResult(input);
        }
    }
}
