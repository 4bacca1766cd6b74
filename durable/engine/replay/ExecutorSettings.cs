namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>What every execution of this process goes by.</summary>
/// <param name="DefaultVersion">Of children that are called without one.</param>
/// <param name="Properties">What an orchestrator's context shows as its properties.</param>
internal sealed record ExecutorSettings(int MaxActions, string? DefaultVersion, IReadOnlyDictionary<string, object?> Properties)
{
    public static ExecutorSettings Of(DurableEngineOptions options) => new(options.MaxOrchestrationActions, options.DefaultVersion, new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        [TaskOrchestrationContextExtensionMethods.PollIntervalProperty] = options.HttpPollInterval.TotalMilliseconds,
    });
}
