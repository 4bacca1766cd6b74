using SnapshotWorkflows.App;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Converters;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>
/// Histories in tests/histories (workflow, what happened, era) replay with today's code at the end of every turn. Where this fails after a change of an orchestrator, instances in flight
/// would fail too: give the changed orchestrator a new version. How they are recorded: <see cref="RecordedHistories"/>.
/// </summary>
public sealed class StoredHistories
{
    public static TheoryData<string> Recorded => [.. Ways.Keys];

    private static Dictionary<string, WorldOptions> Ways { get; } = new(StringComparer.Ordinal)
    {
        ["succeeded"] = new(),
        ["succeeded-hook"] = new() { Quiesce = "hook" },
        ["succeeded-stream"] = new() { Copy = CopyMethods.Stream },
        ["failed"] = new(),
        ["cancelled"] = new(),
    };

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task Todays_code_replays_what_was_recorded(string way)
    {
        var file = RecordedHistories.FileOf("SnapshotVolume", way);
        if (RecordedHistories.IsUpdating)
        {
            await File.WriteAllTextAsync(file, RecordedHistories.Text(await RecordAsync(way)), TestContext.Current.CancellationToken);
        }

        var history = HistoryJson.ReadEvents(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(way.StartsWith("succeeded", StringComparison.Ordinal) ? OrchestrationRuntimeStatus.Completed : OrchestrationRuntimeStatus.Failed, history.OfType<ExecutionCompletedEvent>().Single().OrchestrationStatus);
        HistoryReplay.CheckEveryTurn(Registry(), history);
    }

    [Fact]
    public void Every_workflow_has_a_history_and_every_history_replays()
    {
        var missing = Registry().GetOrchestrators().Select(one => one.Key.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(RecordedHistories.Folder, "*.json"))
        {
            var history = HistoryJson.ReadEvents(File.ReadAllText(file));
            var told = Record.Exception(() => HistoryReplay.CheckEveryTurn(Registry(), history));
            Assert.True(told is null, $"{Path.GetFileName(file)}: {told?.Message}");
            missing.Remove(history.OfType<ExecutionStartedEvent>().First().Name);
        }

        // One call that is over in the moment in which it begins.
        missing.Remove(nameof(Functions.Orchestrators.AdmissionNotice));
        Assert.Empty(missing);
    }

    /// <summary>What an activity was given that waits from before there were several arrays; see the histories named one-array.</summary>
    [Fact]
    public void An_input_that_names_no_array_means_the_first()
    {
        Assert.Null(((ArrayScopeInput)JsonDataConverter.Default.Deserialize("{}", typeof(ArrayScopeInput))!).Name);
        Assert.False(((PurgeDeletedInput)JsonDataConverter.Default.Deserialize("""{"Caller":"timer"}""", typeof(PurgeDeletedInput))!).EachArray);
    }

    /// <summary>The check must see what it is there to see.</summary>
    [Fact]
    public async Task A_workflow_whose_order_of_calls_has_changed_is_caught()
    {
        var history = HistoryJson.ReadEvents(await File.ReadAllTextAsync(RecordedHistories.FileOf("SnapshotVolume", "succeeded"), TestContext.Current.CancellationToken));
        var mutant = new DurableTaskRegistry();
        mutant.AddOrchestrator(history.OfType<ExecutionStartedEvent>().Single().Name, default, () => new Changed(new Functions.Orchestrators.SnapshotVolume()));
        Assert.Throws<NonDeterministicOrchestrationException>(() => HistoryReplay.Check(mutant, history));
    }

    private static async Task<IReadOnlyList<HistoryEvent>> RecordAsync(string way)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var world = new CrashWorld(Ways[way]);
        if (way == "failed") world.Faults.On("xenserver", "VDI.copy").ZeroExtent(4608 << 10, 64 << 10);
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await life.PostAsync(cancellation);
        var engine = life.Get<DurableEngine>();
        var client = life.Get<DurableTaskClient>();
        if (way == "cancelled")
        {
            // While the volume is copied.
            await engine.PumpAsync(async () => (await client.GetOrchestrationHistoryAsync(id, cancellation)).OfType<TaskScheduledEvent>().Any(call => call.Name == StepNames.CopyVdi), cancellation);
            var raise = client.RaiseEventAsync(id, "Cancel", "test", cancellation);
            await engine.PumpAsync(() => raise.IsCompleted, cancellation);
            await raise;
        }

        await engine.PumpAsync(id, cancellation);
        return [.. await client.GetOrchestrationHistoryAsync(id, cancellation)];
    }

    private static DurableTaskRegistry Registry()
    {
        var registry = new DurableTaskRegistry();
        Composition.RegisterTasks(registry);
        return registry;
    }

    /// <summary>Calls a step before the first that the real one calls.</summary>
    private sealed class Changed(ITaskOrchestrator real) : ITaskOrchestrator
    {
        public Type InputType => real.InputType;

        public Type OutputType => real.OutputType;

        public async Task<object?> RunAsync(TaskOrchestrationContext context, object? input)
        {
            await context.CallActivityAsync("NewFirstStep");
            return await real.RunAsync(context, input);
        }
    }
}
