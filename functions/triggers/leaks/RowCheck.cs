using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>
/// At start and every hour: rows that say "under way" are held against the hub. An instance that was ended from outside (terminated, or lost with a hub) never wrote its last row; the row
/// says so from here on.
/// </summary>
public sealed partial class RowCheck(SnapshotIndex index, TimeProvider time, ILogger<RowCheck> logger)
{
    // A row is written a moment before its instance ends, and an instance a moment before its first row.
    private static readonly TimeSpan s_settled = TimeSpan.FromMinutes(5);

    [Function("CheckRows")]
    public async Task RunAsync([TimerTrigger("0 10 * * * *", RunOnStartup = true)] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = timer;
        foreach (var row in index.UnderWay(time.GetUtcNow() - s_settled))
        {
            if (await client.GetInstanceAsync(row.Key.Value, getInputsAndOutputs: true, cancellation) is { IsCompleted: false }) continue;
            var instance = await client.GetInstanceAsync(row.Key.Value, getInputsAndOutputs: true, cancellation);
            var told = instance?.ReadCustomStatusAs<SnapshotStatus>();
            index.Change(row.Key, current => current.Status.Ended ? current : current with { Status = Ended(told ?? current.Status, instance) });
            Mended(logger, row.Key.Uuid, instance is null ? "unknown to the hub" : instance.RuntimeStatus.ToString());
        }
    }

    private static SnapshotStatus Ended(SnapshotStatus status, OrchestrationMetadata? instance) => status.Ended ? status : status with
    {
        State = status.State == SnapshotState.BackedUp ? SnapshotState.BackedUp : SnapshotState.Error,
        Failure = status.Failure ?? new StepNotice(
            "instance.ended", instance is null ? "Its instance is not in the hub any more." : $"Its instance was ended as {instance.RuntimeStatus}.",
            "What it made may be left on array, hosts and store: SweepLeaks takes it away after a day, GET /api/leaks shows it.", status.Step ?? ""),
        Step = null,
        Waiting = null,
        Ended = true,
    };

    [LoggerMessage(EventId = 5401, Level = LogLevel.Warning, Message = "The row of snapshot {SnapshotId} said it was under way; its instance is {Instance}")]
    private static partial void Mended(ILogger logger, string snapshotId, string instance);
}
