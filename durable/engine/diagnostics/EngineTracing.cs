using System.Diagnostics;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Diagnostics;

/// <summary>
/// Spans, named and tagged as in the public engine. The context of whoever started an instance is kept in its ExecutionStarted event (W3C traceparent and tracestate), so what runs after a restart
/// belongs to the same trace. An instance has one span, made when it ends; each attempt of an activity has one.
/// </summary>
internal static class EngineTracing
{
    public const string SourceName = "SnapshotWorkflows.Durable";

    private static readonly ActivitySource s_source = new(SourceName);

    public static Activity? Create(string name, string? version)
    {
        var span = s_source.StartActivity($"create_orchestration:{Versioned(name, version)}", ActivityKind.Producer);
        span?.SetTag("durabletask.type", "orchestration").SetTag("durabletask.task.name", name);
        return span;
    }

    /// <summary>False: nobody would see a span.</summary>
    public static bool HasListeners => s_source.HasListeners();

    public static Activity? Attempt(string name, string instanceId, int taskId, int attempt, ActivityContext parent)
    {
        var span = s_source.StartActivity($"activity:{name}", ActivityKind.Server, parent);
        span?.SetTag("durabletask.type", "activity").SetTag("durabletask.task.name", name).SetTag("durabletask.task.instance_id", instanceId)
            .SetTag("durabletask.task.task_id", taskId).SetTag("attempt", attempt);
        return span;
    }

    /// <summary>From the start of the instance to now.</summary>
    public static void Ended(ExecutionStartedEvent? start, OrchestrationRuntimeStatus status, DateTimeOffset now)
    {
        if (start is null || !s_source.HasListeners())
            return;
        using var span = s_source.StartActivity(
            $"orchestration:{Versioned(start.Name, start.Version)}", ActivityKind.Server, Context(start), null, null, new DateTimeOffset(start.Timestamp, TimeSpan.Zero));
        span?.SetTag("durabletask.type", "orchestration").SetTag("durabletask.task.name", start.Name)
            .SetTag("durabletask.task.instance_id", start.OrchestrationInstance.InstanceId).SetTag("durabletask.task.execution_id", start.OrchestrationInstance.ExecutionId)
            .SetTag("durabletask.task.status", status.ToString())
            .SetStatus(status == OrchestrationRuntimeStatus.Failed ? ActivityStatusCode.Error : ActivityStatusCode.Ok)
            .SetEndTime(now.UtcDateTime);
    }

    private static string Versioned(string name, string? version) => string.IsNullOrEmpty(version) ? name : $"{name}@({version})";

    /// <summary>Of whoever started the instance; none if there is none.</summary>
    public static ActivityContext Context(ExecutionStartedEvent? start) =>
        ActivityContext.TryParse(start?.ParentTraceContext, start?.ParentTraceState, isRemote: true, out var context) ? context : default;
}
