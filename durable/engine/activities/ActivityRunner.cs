using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Engine.Diagnostics;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Activities;

/// <summary>Runs one attempt in a scope of its own and tells how it ended.</summary>
internal sealed class ActivityRunner(
    DurableTaskRegistry registry, IServiceScopeFactory scopes, PayloadConverter converter, IExceptionPropertiesProvider? properties,
    Func<Exception, bool>? isCrash, EngineMetrics metrics, TimeProvider time, ILogger logger)
{
    /// <returns>Null when the end is not to be recorded: the attempt was abandoned, or the process stops.</returns>
    public async Task<HistoryEvent?> RunAsync(ActivityExecution execution)
    {
        var activity = execution.Claimed.Activity;
        var began = time.GetTimestamp();
        using var span = EngineTracing.Attempt(activity.Name, activity.Key.InstanceId, activity.Key.TaskId, execution.Attempt, execution.TraceParent);
        using var scope = logger.BeginScope(new Dictionary<string, object>(StringComparer.Ordinal) { ["InstanceId"] = activity.Key.InstanceId, ["Activity"] = activity.Name });
        var end = await RunAsync(execution, began);
        metrics.AttemptEnded(activity.Name, end switch { null => "abandoned", TaskCompletedEvent => "completed", _ => "failed" }, time.GetElapsedTime(began));
        if (end is TaskFailedEvent failed)
            span?.SetStatus(ActivityStatusCode.Error, failed.FailureDetails?.ErrorType);
        return end;
    }

    private async Task<HistoryEvent?> RunAsync(ActivityExecution execution, long began)
    {
        var activity = execution.Claimed.Activity;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<ActivityExecutionHolder>().Current = execution;
            var code = registry.FindActivity(activity.Name, activity.Version)!(scope.ServiceProvider);
            object? output;
            try
            {
                output = await code.RunAsync(new EngineActivityContext(activity), converter.Deserialize(activity.Input, code.InputType));
            }
            finally
            {
                if (code is IAsyncDisposable asynchronous)
                    await asynchronous.DisposeAsync();
                else
                    (code as IDisposable)?.Dispose();
            }
            if (execution.Abandoned)
                return null;
            return new TaskCompletedEvent { TaskScheduledId = activity.Key.TaskId, Result = converter.Serialize(output), Timestamp = time.GetUtcNow().UtcDateTime };
        }
        catch (Exception exception) when (isCrash?.Invoke(exception) != true)
        {
            if (execution.Abandoned || execution.ShuttingDown)
            {
                logger.ActivityAbandoned(activity.Name, activity.Key.InstanceId, execution.Attempt);
                return null;
            }
            logger.ActivityFailed(exception, activity.Name, activity.Key.InstanceId, activity.Key.TaskId, execution.Attempt, time.GetElapsedTime(began));
            return new TaskFailedEvent
            {
                TaskScheduledId = activity.Key.TaskId,
                FailureDetails = TaskFailureDetails.FromException(exception, properties),
                Timestamp = time.GetUtcNow().UtcDateTime,
            };
        }
    }
}
