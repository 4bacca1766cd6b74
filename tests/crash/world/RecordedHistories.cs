using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>
/// tests/histories: how each workflow went in the worlds of this suite, as written by the code of an era. With UPDATE_HISTORIES=1 every life without a death leaves its ended instances
/// here; of those with the same name and end (answered by a person, or not) the longest is kept. Only for what was never released.
/// </summary>
internal static class RecordedHistories
{
    /// <summary>The orchestrators' version. Those of 2026-11 bear none, and go on as they were begun.</summary>
    public const string Era = Functions.Orchestrators.WorkflowVersions.Current;

    private static readonly SemaphoreSlim s_turn = new(1);
    private static readonly Dictionary<string, int> s_lengths = new(StringComparer.Ordinal);

    public static string Folder { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "histories"));

    public static bool IsUpdating { get; } = Environment.GetEnvironmentVariable("UPDATE_HISTORIES") is { Length: > 0 };

    public static string FileOf(string workflow, string way) => Path.Combine(Folder, $"{workflow}.{way}.{Era}.json");

    public static async Task KeepAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        await s_turn.WaitAsync(cancellation);
        try
        {
            await foreach (var instance in client.GetAllInstancesAsync(new OrchestrationQuery(Statuses: [OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Failed])).WithCancellation(cancellation))
            {
                // SnapshotVolume has histories of its own, each of a way that is named.
                if (instance.Name == nameof(Functions.Orchestrators.SnapshotVolume)) continue;
                var history = await client.GetOrchestrationHistoryAsync(instance.InstanceId, cancellation);
                var end = instance.RuntimeStatus == OrchestrationRuntimeStatus.Completed ? "completed" : "failed";
                var file = FileOf(instance.Name, history.OfType<EventRaisedEvent>().Any(raised => raised.Name.StartsWith("Approve", StringComparison.Ordinal)) ? $"answered-{end}" : end);
                if (history.Count <= s_lengths.GetValueOrDefault(file)) continue;
                s_lengths[file] = history.Count;
                await File.WriteAllTextAsync(file, Text([.. history]), cancellation);
            }
        }
        finally
        {
            s_turn.Release();
        }
    }

    /// <summary>An event a line, without stack traces: they name the machine that recorded, and no orchestrator reads them.</summary>
    public static string Text(IReadOnlyList<HistoryEvent> history)
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

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
