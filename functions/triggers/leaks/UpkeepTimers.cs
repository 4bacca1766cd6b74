namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>What keeps the system tidy by itself. Each time of each upkeep is one instance, whichever node ticks; scrubbing is one instance whenever it ticks, for a run may take hours.</summary>
public sealed class UpkeepTimers(TimeProvider time)
{
    private const string Who = "timer";

    [Function("SweepLeaksTimer")]
    public Task SweepAsync([TimerTrigger("0 20 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = timer;
        return client.StartTimedAsync("SweepLeaks", new SweepLeaksInput(Who, DryRun: false), time.GetUtcNow(), TimeSpan.FromHours(1), cancellation);
    }

    [Function("ReconcileTimer")]
    public Task ReconcileAsync([TimerTrigger("0 */10 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = timer;
        return client.StartTimedAsync("Reconcile", new ReconcileInput(Who), time.GetUtcNow(), TimeSpan.FromMinutes(10), cancellation);
    }

    [Function("ScrubSnapshotsTimer")]
    public Task ScrubAsync([TimerTrigger("0 50 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = timer;
        return client.StartUnlessRunningAsync("ScrubSnapshots", new ScrubInput(Who), ScrubInput.InstanceId, cancellation);
    }

    [Function("BackupLedgerTimer")]
    public Task BackupAsync([TimerTrigger("0 15 */6 * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = timer;
        return client.StartTimedAsync("BackupLedger", new BackupLedgerInput(Who), time.GetUtcNow(), TimeSpan.FromHours(6), cancellation);
    }

    [Function("PurgeDeletedTimer")]
    public Task PurgeAsync([TimerTrigger("0 40 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = timer;
        return client.StartTimedAsync("PurgeDeleted", new PurgeDeletedInput(Who) { EachArray = true }, time.GetUtcNow(), TimeSpan.FromHours(1), cancellation);
    }
}
