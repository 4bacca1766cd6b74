using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>
/// At start and every hour: rows that say "under way" are held against the hub. An instance that was ended from outside (terminated, or lost with a hub) never wrote its last row; the row
/// says so from here on.
/// </summary>
public sealed partial class RowCheck(SnapshotIndex index, AuditTrail audit, TimeProvider time, ILogger<RowCheck> logger)
{
    private const int DeletionsAtOnce = 100;

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
            audit.Add("hub", "snapshot.create", row.Key.Uuid, "failed", $"volume {row.VolumeId}: instance.ended, its instance is {instance?.RuntimeStatus.ToString() ?? "unknown to the hub"}");
            Mended(logger, row.Key.Uuid, instance is null ? "unknown to the hub" : instance.RuntimeStatus.ToString());
        }
    }

    /// <summary>Deletions that were ended from outside, or lost with a hub: their rows say Destroying for ever. One more is harmless where one lives, for each step finds what the other did.</summary>
    [Function("ResumeDeletions")]
    public async Task ResumeAsync([TimerTrigger("0 25 */6 * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = timer;
        foreach (var row in index.Destroying(DeletionsAtOnce))
        {
            var instance = DeleteSnapshotInput.InstanceOf(row.Key).Value;
            var before = (await client.GetInstanceAsync(instance, getInputsAndOutputs: true, cancellation))?.ReadInputAs<DeleteSnapshotInput>();
            if (await client.StartUnlessRunningAsync("DeleteSnapshot", new DeleteSnapshotInput(row.Key, "timer", "an earlier deletion did not end") { ArrayLost = before?.ArrayLost ?? false }, instance, cancellation))
                Resumed(logger, row.Key.Uuid);
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

    [LoggerMessage(EventId = 4401, Level = LogLevel.Warning, Message = "The row of snapshot {SnapshotId} said it was under way; its instance is {Instance}")]
    private static partial void Mended(ILogger logger, string snapshotId, string instance);

    [LoggerMessage(EventId = 4403, Level = LogLevel.Warning, Message = "The deletion of snapshot {SnapshotId} had not ended; it is taken up again")]
    private static partial void Resumed(ILogger logger, string snapshotId);
}
