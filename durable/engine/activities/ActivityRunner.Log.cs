using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.Durable.Engine.Activities;

internal static partial class ActivityRunnerLog
{
    [LoggerMessage(EventId = 1201, Level = LogLevel.Information, Message = "Attempt {Attempt} of activity {Activity} of {InstanceId} was abandoned; nothing is recorded")]
    public static partial void ActivityAbandoned(this ILogger logger, string activity, string instanceId, int attempt);

    [LoggerMessage(EventId = 1203, Level = LogLevel.Warning, Message = "Progress of activity {Activity} of {InstanceId} could not be written; the activity goes on")]
    public static partial void ProgressNotKept(this ILogger logger, Exception exception, string activity, string instanceId);

    [LoggerMessage(EventId = 1202, Level = LogLevel.Warning, Message = "Activity {Activity} of {InstanceId} (#{TaskId}, attempt {Attempt}) failed after {Elapsed}")]
    public static partial void ActivityFailed(this ILogger logger, Exception exception, string activity, string instanceId, int taskId, int attempt, TimeSpan elapsed);

    [LoggerMessage(EventId = 1205, Level = LogLevel.Information, Message = "The trace of activity {Activity} of {InstanceId} could not be read; its span stands by itself")]
    public static partial void TraceNotRead(this ILogger logger, Exception exception, string activity, string instanceId);

    [LoggerMessage(EventId = 1204, Level = LogLevel.Warning, Message = "What activity {Activity} of {InstanceId} came to stands, but it could not be disposed")]
    public static partial void ActivityNotDisposed(this ILogger logger, Exception exception, string activity, string instanceId);
}
