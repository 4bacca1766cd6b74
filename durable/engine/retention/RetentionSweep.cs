using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Retention;

/// <summary>
/// Purges ended instances that are older than the options say, children with them; never one below which something lives or has failed too lately, nor one whose parent has failed and may be
/// rewound. Several processes may do it at once.
/// </summary>
internal sealed class RetentionSweep(DurableEngine engine, IOptions<DurableEngineOptions> options, ILogger<RetentionSweep> logger) : BackgroundService
{
    private const int PageSize = 100;

    private static readonly OrchestrationRuntimeStatus[] s_failed = [OrchestrationRuntimeStatus.Failed];
    private static readonly OrchestrationRuntimeStatus[] s_others = [OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Terminated, OrchestrationRuntimeStatus.Canceled];

    /// <returns>Instances purged.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellation) =>
        await SweepAsync(s_others, options.Value.Retention, cancellation)
        + await SweepAsync(s_failed, FailedAge, cancellation);

    private TimeSpan? FailedAge => options.Value.RetentionOfFailed ?? options.Value.Retention;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Retention is null && options.Value.RetentionOfFailed is null)
            return;
        using var timer = new PeriodicTimer(options.Value.RetentionInterval, engine.Time);
        try
        {
            do
            {
                try
                {
                    await SweepAsync(stoppingToken);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    logger.SweepFailed(exception, options.Value.RetentionInterval);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    private async Task<int> SweepAsync(OrchestrationRuntimeStatus[] statuses, TimeSpan? age, CancellationToken cancellation)
    {
        if (age is not { } kept)
            return 0;
        var hub = await engine.HubAsync(cancellation);
        var now = engine.Time.GetUtcNow();
        var until = now - kept;
        // Without an age of their own failed ones are kept for ever.
        var untilOfFailed = FailedAge is { } failed ? now - failed : DateTimeOffset.MinValue;
        var purged = 0;
        string? token = null;
        do
        {
            var page = await hub.ListEndedAsync(new EndedFilter(statuses, null, until, PageSize, token), cancellation);
            foreach (var instanceId in page.Values)
            {
                cancellation.ThrowIfCancellationRequested();
                purged += (await engine.WriteAsync(new PurgeInstance(instanceId, Recursive: true) { KeepIfChildrenLive = true, KeepRewindableSince = untilOfFailed }, cancellation)).Count;
            }
            token = page.ContinuationToken;
        }
        while (token is not null);
        if (purged > 0)
            logger.Purged(purged, kept);
        return purged;
    }
}

internal static partial class RetentionSweepLog
{
    [LoggerMessage(EventId = 1401, Level = LogLevel.Information, Message = "Purged {Count} instances that ended more than {Age} ago")]
    public static partial void Purged(this ILogger logger, int count, TimeSpan age);

    [LoggerMessage(EventId = 1402, Level = LogLevel.Error, Message = "Ended instances could not be purged; the next try is in {Interval}")]
    public static partial void SweepFailed(this ILogger logger, Exception exception, TimeSpan interval);
}
