using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.Durable.Engine.Entities;

internal static partial class EntityRunnerLog
{
    [LoggerMessage(EventId = 1121, Level = LogLevel.Warning, Message = "Operation {Operation} of entity {EntityId}, asked for by {Caller}, failed")]
    public static partial void EntityOperationFailed(this ILogger logger, Exception exception, string operation, string entityId, string caller);

    [LoggerMessage(EventId = 1122, Level = LogLevel.Warning, Message = "Entity {Name} is not registered here; {EntityId} waits for a process that has it")]
    public static partial void EntityNotRegistered(this ILogger logger, string name, string entityId);

    [LoggerMessage(EventId = 1123, Level = LogLevel.Error, Message = "A batch of entity {EntityId} broke outside of its operations; it is tried again in {Delay}")]
    public static partial void EntityBatchBroke(this ILogger logger, Exception exception, string entityId, TimeSpan delay);

    [LoggerMessage(EventId = 1124, Level = LogLevel.Warning, Message = "What the operations of entity {EntityId} did stands, but it could not be disposed")]
    public static partial void EntityNotDisposed(this ILogger logger, Exception exception, string entityId);
}
