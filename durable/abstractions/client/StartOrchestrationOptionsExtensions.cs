namespace SnapshotWorkflows.Durable.Client;

public static class StartOrchestrationOptionsExtensions
{
    /// <summary>Statuses of an existing instance with the same id that refuse the start; every other one is replaced.</summary>
    public static StartOrchestrationOptions WithDedupeStatuses(this StartOrchestrationOptions options, params OrchestrationRuntimeStatus[] dedupeStatuses)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(dedupeStatuses);
        return options with { DedupeStatuses = [.. dedupeStatuses.Select(status => status.ToString())] };
    }
}
