using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.CloudStack;

internal static partial class CloudStackLog
{
    [LoggerMessage(EventId = 2301, Level = LogLevel.Warning, Message = "CloudStack {Command} failed with {ErrorCode}; reading again in {DelayMs} ms (attempt {Attempt})")]
    public static partial void ReadingAgain(this ILogger logger, string command, int errorCode, double delayMs, int attempt);
}
