using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.App.Readiness;

/// <summary>Says at start what every system is, and what a person must mend. The service runs all the same: an appliance that is down now may be up at night.</summary>
internal sealed partial class StartReport(ReadinessChecks checks, ILogger<StartReport> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            foreach (var finding in await checks.FindAsync(stoppingToken))
            {
                if (finding.Ready) Found(logger, finding.System, finding.Found);
                else if (finding.IsAdvice) ToLookAt(logger, finding.System, finding.Mend!);
                else ToMend(logger, finding.System, finding.Mend!);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service was stopped before the round was over.
        }
    }

    [LoggerMessage(EventId = 4001, Level = LogLevel.Information, Message = "{System}: {Found}")]
    private static partial void Found(ILogger logger, string system, string found);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Error, Message = "{System} is not ready: {Mend}")]
    private static partial void ToMend(ILogger logger, string system, string mend);

    [LoggerMessage(EventId = 4003, Level = LogLevel.Warning, Message = "{System}: {Mend}")]
    private static partial void ToLookAt(ILogger logger, string system, string mend);
}
