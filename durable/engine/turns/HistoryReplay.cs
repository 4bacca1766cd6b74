using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Converters;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Turns;

/// <summary>Whether today's code fits histories that were recorded earlier: a build that cannot replay them would break instances in flight.</summary>
public static class HistoryReplay
{
    /// <summary>Replays a history as a node does that loads the instance, with the orchestrator that the registry has for it.</summary>
    /// <param name="history">Of one execution, from its ExecutionStarted up to the end of any turn.</param>
    /// <exception cref="NonDeterministicOrchestrationException">The code does not fit: other actions, another order, or another end than recorded.</exception>
    /// <exception cref="ArgumentException">The history has no start, or nothing is registered for it.</exception>
    public static void Check(DurableTaskRegistry registry, IReadOnlyList<HistoryEvent> history, DataConverter? converter = null)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(history);
        var start = history.OfType<ExecutionStartedEvent>().FirstOrDefault() ?? throw new ArgumentException("The history has no ExecutionStarted.", nameof(history));
        var factory = registry.FindOrchestrator(start.Name, start.Version)
            ?? throw new ArgumentException($"Orchestrator '{start.Name}' {start.Version} is not registered.", nameof(registry));
        var limits = new DurableEngineOptions();
        var executor = new OrchestrationExecutor(
            factory(), new PayloadConverter(converter ?? JsonDataConverter.Default, limits.MaxPayloadBytes), NullLoggerFactory.Instance, ExecutorSettings.Of(limits));
        foreach (var happened in RewoundHistory.View(history))
            executor.Apply(happened, replaying: true);
        if (history[^1] is not OrchestratorCompletedEvent)
            throw new ArgumentException("The history does not end with a turn.", nameof(history));
        var end = history.OfType<ExecutionCompletedEvent>().LastOrDefault();
        // What an orchestrator calls in its last turn without waiting is not begun, hence not recorded; nor is what it called in the turn in which it was terminated.
        executor.EndReplay(openTurn: end is { OrchestrationStatus: OrchestrationRuntimeStatus.Terminated } || (end is not null && executor.HasEnded));
        CheckEnd(executor, end);
    }

    /// <summary>As <see cref="Check"/>, at the end of every turn: a node may load an instance after any of them.</summary>
    public static void CheckEveryTurn(DurableTaskRegistry registry, IReadOnlyList<HistoryEvent> history, DataConverter? converter = null)
    {
        ArgumentNullException.ThrowIfNull(history);
        for (var length = 1; length <= history.Count; length++)
        {
            if (history[length - 1] is OrchestratorCompletedEvent && history.Take(length).OfType<ExecutionStartedEvent>().Any())
                Check(registry, [.. history.Take(length)], converter);
        }
    }

    private static void CheckEnd(OrchestrationExecutor executor, ExecutionCompletedEvent? recorded)
    {
        var ended = executor.HasEnded && executor.Restart is null;
        switch (recorded?.OrchestrationStatus)
        {
            case null when ended:
                throw new NonDeterministicOrchestrationException("the orchestrator now ends where history goes on.");
            case OrchestrationRuntimeStatus.Completed when !ended || executor.Failure is not null:
                throw new NonDeterministicOrchestrationException($"history has the end, but the orchestrator now {(ended ? $"fails: {executor.Failure!.Message}" : "goes on")}.");
            case OrchestrationRuntimeStatus.Completed when executor.Converter.Serialize(executor.Result) != recorded.Result:
                throw new NonDeterministicOrchestrationException("the orchestrator now ends with another result.");
            case OrchestrationRuntimeStatus.Failed when ended && executor.Failure is null:
                throw new NonDeterministicOrchestrationException("history has a failure, but the orchestrator now ends well.");
        }
    }
}
