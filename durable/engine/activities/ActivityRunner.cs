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
    Func<Exception, bool>? isCrash, InstanceTraces traces, EngineMetrics metrics, TimeProvider time, ILogger logger)
{
    /// <returns>Null when the end is not to be recorded: the attempt was abandoned, or the process stops.</returns>
    public async Task<HistoryEvent?> RunAsync(ActivityExecution execution)
    {
        var activity = execution.Claimed.Activity;
        var began = time.GetTimestamp();
        HistoryEvent? end = null;
        try
        {
            using var span = EngineTracing.Attempt(activity.Name, activity.Key.InstanceId, activity.Key.TaskId, execution.Attempt, await traces.OfAsync(execution));
            using var scope = logger.BeginScope(new Dictionary<string, object>(StringComparer.Ordinal) { ["InstanceId"] = activity.Key.InstanceId, ["Activity"] = activity.Name });
            end = await RunAsync(execution, began);
            metrics.AttemptEnded(activity.Name, end switch { null => "abandoned", TaskCompletedEvent => "completed", _ => "failed" }, time.GetElapsedTime(began));
            if (end is TaskFailedEvent failed)
                span?.SetStatus(ActivityStatusCode.Error, failed.FailureDetails?.ErrorType);
            return end;
        }
        catch (Exception exception) when (isCrash?.Invoke(exception) != true)
        {
            // Whoever listens to logs, metrics or traces has thrown: what the call came to stands, and one that came to nothing ends with that.
            return end ?? (execution.IsUnwanted ? null : Failed(activity, exception));
        }
    }

    private async Task<HistoryEvent?> RunAsync(ActivityExecution execution, long began)
    {
        var activity = execution.Claimed.Activity;
        try
        {
            var result = await ResultAsync(execution);
            if (execution.Abandoned)
                return null;
            return new TaskCompletedEvent { TaskScheduledId = activity.Key.TaskId, Result = result, Timestamp = time.GetUtcNow().UtcDateTime };
        }
        catch (Exception exception) when (isCrash?.Invoke(exception) != true)
        {
            if (execution.IsUnwanted)
            {
                logger.ActivityAbandoned(activity.Name, activity.Key.InstanceId, execution.Attempt);
                return null;
            }
            var failed = Failed(activity, exception);
            logger.ActivityFailed(exception, activity.Name, activity.Key.InstanceId, activity.Key.TaskId, execution.Attempt, time.GetElapsedTime(began));
            return failed;
        }
    }

    /// <summary>What its code came to. What breaks after that, when it and its scope are disposed, is logged and changes nothing: a retry would do the work twice.</summary>
    private async Task<string?> ResultAsync(ActivityExecution execution)
    {
        var activity = execution.Claimed.Activity;
        var scope = scopes.CreateAsyncScope();
        ITaskActivity? code = null;
        try
        {
            scope.ServiceProvider.GetRequiredService<ActivityExecutionHolder>().Current = execution;
            code = registry.FindActivity(activity.Name, activity.Version)!(scope.ServiceProvider);
            return converter.Serialize(await code.RunAsync(new EngineActivityContext(activity), converter.Deserialize(activity.Input, code.InputType)));
        }
        finally
        {
            if (await Disposal.TryAsync(code, isCrash) is { } broken)
                logger.ActivityNotDisposed(broken, activity.Name, activity.Key.InstanceId);
            if (await Disposal.TryAsync(scope, isCrash) is { } left)
                logger.ActivityNotDisposed(left, activity.Name, activity.Key.InstanceId);
        }
    }

    private TaskFailedEvent Failed(ScheduledActivity activity, Exception exception) => new()
    {
        TaskScheduledId = activity.Key.TaskId,
        FailureDetails = TaskFailureDetails.FromException(exception, properties),
        Timestamp = time.GetUtcNow().UtcDateTime,
    };
}
