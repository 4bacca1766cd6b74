using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.SolidFire;

internal static partial class SolidFireLog
{
    [LoggerMessage(EventId = 2101, Level = LogLevel.Warning, Message = "SolidFire {Method} ignored parameters that it does not know: {Parameters}. Check the API version in the Endpoint of its settings")]
    public static partial void ParametersIgnored(this ILogger logger, string method, string parameters);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "SolidFire {Method} failed with {ErrorName}; reading again in {DelayMs} ms (attempt {Attempt})")]
    public static partial void ReadingAgain(this ILogger logger, string method, string errorName, double delayMs, int attempt);
}
