using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.XenServer;

internal static partial class XenServerLog
{
    [LoggerMessage(EventId = 2201, Level = LogLevel.Warning, Message = "Pool {Pool}: {Method} failed with {Code}; reading again in {DelayMs} ms (attempt {Attempt})")]
    public static partial void ReadingAgain(this ILogger logger, string pool, string method, string code, double delayMs, int attempt);

    [LoggerMessage(EventId = 2202, Level = LogLevel.Information, Message = "Pool {Pool}: logged in to {Authority}")]
    public static partial void LoggedIn(this ILogger logger, string pool, string authority);

    [LoggerMessage(EventId = 2203, Level = LogLevel.Warning, Message = "Pool {Pool}: {Authority} is not the coordinator; going on to {Coordinator}")]
    public static partial void SentOn(this ILogger logger, string pool, string authority, string coordinator);

    [LoggerMessage(EventId = 2204, Level = LogLevel.Warning, Message = "Pool {Pool}: task {Task} of an export could not be tidied up ({Code}); the pool drops it by itself")]
    public static partial void TaskLeft(this ILogger logger, string pool, string task, string code);

    [LoggerMessage(EventId = 2205, Level = LogLevel.Warning, Message = "Pool {Pool}: logging out failed with {Code}; the pool drops idle sessions by itself")]
    public static partial void SessionLeft(this ILogger logger, string pool, string code);

    [LoggerMessage(EventId = 2206, Level = LogLevel.Warning, Message = "Pool {Pool}: NBD connection of disk {Vdi} ended: {Reason}; connecting again (attempt {Attempt})")]
    public static partial void NbdBroken(this ILogger logger, string pool, string vdi, string reason, int attempt);
}
