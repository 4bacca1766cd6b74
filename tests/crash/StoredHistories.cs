using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using SnapshotWorkflows.App;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
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
/// would fail too: give the changed orchestrator a new version. UPDATE_HISTORIES=1 records those of today's code anew, for what was never released.
/// </summary>
public sealed class StoredHistories
{
    private const string Era = "2026-11";

    private static readonly string s_folder = Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "histories");

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
        var file = Path.Combine(s_folder, $"SnapshotVolume.{way}.{Era}.json");
        if (Environment.GetEnvironmentVariable("UPDATE_HISTORIES") is { Length: > 0 })
        {
            Directory.CreateDirectory(s_folder);
            await File.WriteAllTextAsync(file, Text(await RecordAsync(way)), TestContext.Current.CancellationToken);
        }

        var history = HistoryJson.ReadEvents(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(way.StartsWith("succeeded", StringComparison.Ordinal) ? OrchestrationRuntimeStatus.Completed : OrchestrationRuntimeStatus.Failed, history.OfType<ExecutionCompletedEvent>().Single().OrchestrationStatus);
        HistoryReplay.CheckEveryTurn(Registry(), history);
    }

    [Fact]
    public void Every_file_there_is_replays()
    {
        var files = Directory.GetFiles(s_folder, "*.json");
        Assert.True(files.Length >= Ways.Count, $"only {files.Length} histories are stored");
        foreach (var file in files)
            HistoryReplay.CheckEveryTurn(Registry(), HistoryJson.ReadEvents(File.ReadAllText(file)));
    }

    /// <summary>The check must see what it is there to see.</summary>
    [Fact]
    public async Task A_workflow_whose_order_of_calls_has_changed_is_caught()
    {
        var history = HistoryJson.ReadEvents(await File.ReadAllTextAsync(Path.Combine(s_folder, $"SnapshotVolume.succeeded.{Era}.json"), TestContext.Current.CancellationToken));
        var mutant = new DurableTaskRegistry();
        mutant.AddOrchestrator(history.OfType<ExecutionStartedEvent>().Single().Name, default, () => new Changed(new Functions.Orchestrators.SnapshotVolume()));
        Assert.Throws<NonDeterministicOrchestrationException>(() => HistoryReplay.Check(mutant, history));
    }

    /// <summary>An event a line, without stack traces: they name the machine that recorded, and no orchestrator reads them.</summary>
    private static string Text(IReadOnlyList<HistoryEvent> history)
    {
        var events = JsonNode.Parse(HistoryJson.Write(history))!.AsArray();
        foreach (var one in events) DropStackTraces(one);
        return $"[{string.Join(",\n", events.Select(one => one!.ToJsonString()))}]\n";
    }

    private static void DropStackTraces(JsonNode? node)
    {
        if (node is not JsonObject members) return;
        members.Remove("stackTrace");
        foreach (var (_, inner) in members) DropStackTraces(inner);
    }

    private static async Task<IReadOnlyList<HistoryEvent>> RecordAsync(string way)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var world = new CrashWorld(Ways[way]);
        if (way == "failed") world.Faults.On("xenserver", "VDI.copy").ZeroExtent(6 << 20, 64 << 10);
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

    private static string ThisFile([CallerFilePath] string path = "") => path;

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
