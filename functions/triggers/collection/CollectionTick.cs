using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Each night: starts the collection of deleted chunks. Its instance has one id, so over all nodes at most one runs; while one still runs, the night's is left out.</summary>
public sealed partial class CollectionTick(ILogger<CollectionTick> logger)
{
    [Function("CollectDeletedChunks")]
    public Task RunAsync([TimerTrigger("0 17 3 * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = timer;
        return StartAsync(client, cancellation);
    }

    internal async Task StartAsync(DurableTaskClient client, CancellationToken cancellation)
    {
        try
        {
            var options = new StartOrchestrationOptions(CollectChunksInput.InstanceId).WithDedupeStatuses(OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended);
            await client.ScheduleNewOrchestrationInstanceAsync("CollectChunks", new CollectChunksInput("timer"), options, cancellation);
        }
        catch (OrchestrationAlreadyExistsException)
        {
            StillRunning(logger, CollectChunksInput.InstanceId);
        }
    }

    [LoggerMessage(EventId = 4301, Level = LogLevel.Warning, Message = "The collection {InstanceId} of an earlier night still runs; no second one is started")]
    private static partial void StillRunning(ILogger logger, string instanceId);
}
