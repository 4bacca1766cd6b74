using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

internal static partial class DispatcherLog
{
    [LoggerMessage(EventId = 1101, Level = LogLevel.Warning, Message = "Instance {InstanceId} cannot go on here ({Kind}): {Reason}")]
    public static partial void Blocked(this ILogger logger, string instanceId, string kind, string reason);

    [LoggerMessage(EventId = 1102, Level = LogLevel.Warning, Message = "Activity {Name} of {InstanceId} is not registered here; the call waits for a process that has it")]
    public static partial void ActivityNotRegistered(this ILogger logger, string name, string instanceId);

    [LoggerMessage(EventId = 1103, Level = LogLevel.Error, Message = "The history of {InstanceId} does not fit the code")]
    public static partial void NonDeterminism(this ILogger logger, Exception exception, string instanceId);

    [LoggerMessage(EventId = 1104, Level = LogLevel.Warning, Message = "A turn of {InstanceId} was fenced off: somebody else has moved the instance on")]
    public static partial void TurnFenced(this ILogger logger, string instanceId);

    [LoggerMessage(EventId = 1105, Level = LogLevel.Error, Message = "The task hub refused a transaction of {Count} units; they are tried one by one")]
    public static partial void BatchFailed(this ILogger logger, Exception exception, int count);

    [LoggerMessage(EventId = 1106, Level = LogLevel.Error, Message = "The task hub could not write {Unit}; it is tried again in {Delay}")]
    public static partial void WriteFailed(this ILogger logger, Exception exception, string unit, TimeSpan delay);

    [LoggerMessage(EventId = 1107, Level = LogLevel.Error, Message = "A turn of {InstanceId} broke outside of the orchestrator's own code")]
    public static partial void TurnBroke(this ILogger logger, Exception exception, string instanceId);

    [LoggerMessage(EventId = 1112, Level = LogLevel.Error, Message = "The process died {Deaths} times while {InstanceId} was worked on; it ends, or its operation fails")]
    public static partial void PoisonInstance(this ILogger logger, string instanceId, int deaths);

    [LoggerMessage(EventId = 1114, Level = LogLevel.Error, Message = "The task hub does not take what an operation of {EntityId} came to; the operation fails")]
    public static partial void UnwritableOperation(this ILogger logger, Exception exception, string entityId);

    [LoggerMessage(EventId = 1113, Level = LogLevel.Error, Message = "The task hub could not read {InstanceId}; it is tried again in {Delay}")]
    public static partial void ReadFailed(this ILogger logger, Exception exception, string instanceId, TimeSpan delay);

    [LoggerMessage(EventId = 1108, Level = LogLevel.Error, Message = "Activity {Name} of {InstanceId} has used up {Attempts} attempts and ends as failed")]
    public static partial void PoisonActivity(this ILogger logger, string name, string instanceId, int attempts);

    [LoggerMessage(EventId = 1115, Level = LogLevel.Error, Message = "The input of activity {Name} of {InstanceId} is damaged, and the call fails: {Reason}")]
    public static partial void MalformedInput(this ILogger logger, string name, string instanceId, string reason);

    [LoggerMessage(EventId = 1109, Level = LogLevel.Information, Message = "Recovered {Instances} instances with waiting messages and {Activities} unfinished activities")]
    public static partial void Recovered(this ILogger logger, int instances, int activities);

    [LoggerMessage(EventId = 1116, Level = LogLevel.Warning, Message = "The task hub is out of reach for longer than the lease, and other nodes may have taken over: what runs of {Count} calls is cancelled and asked for again")]
    public static partial void CutOff(this ILogger logger, int count);

    [LoggerMessage(EventId = 1117, Level = LogLevel.Information, Message = "The task hub is out of reach for longer than the lease; no other node is known that could take over, so {Count} calls go on")]
    public static partial void Alone(this ILogger logger, int count);

    [LoggerMessage(EventId = 1118, Level = LogLevel.Information, Message = "{Count} other nodes are at the task hub now")]
    public static partial void Peers(this ILogger logger, int count);

    [LoggerMessage(EventId = 1119, Level = LogLevel.Warning, Message = "{Count} durable timers were made, by their record, at a time that has not come, up to {Latest:u}: a clock was ahead. They fire when their length has passed from now on")]
    public static partial void TimersMisdated(this ILogger logger, int count, DateTimeOffset latest);

    [LoggerMessage(EventId = 1120, Level = LogLevel.Warning, Message = "The clock was set back by {By}: waits that were begun before are looked at")]
    public static partial void ClockSetBack(this ILogger logger, TimeSpan by);

    [LoggerMessage(EventId = 1125, Level = LogLevel.Error, Message = "The task hub could not tell its timers, which may wait for the time of a clock that was ahead; it is asked again in {Delay}")]
    public static partial void TimersUnread(this ILogger logger, Exception exception, TimeSpan delay);

    [LoggerMessage(EventId = 1110, Level = LogLevel.Critical, Message = "The dispatcher has stopped; restart the process")]
    public static partial void DispatcherStopped(this ILogger logger, Exception exception);
}
