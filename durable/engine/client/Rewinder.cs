using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Dispatch;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Client;

/// <summary>
/// Brings a failed instance back to life, its failed children first. What is open after the cut history was replayed is queued anew in the commit that opens the instance.
/// A crash in between leaves the instance Failed, and a second rewind finds the children as they are then.
/// </summary>
internal sealed class Rewinder(DurableEngine engine, ITaskHub hub, HotInstances hot)
{
    /// <returns>False if the instance has moved on in the meantime.</returns>
    /// <exception cref="InvalidOperationException">The instance cannot run in this process.</exception>
    public async Task<bool> RewindAsync(InstanceSnapshot failed, string reason, CancellationToken cancellation)
    {
        var now = engine.Time.GetUtcNow();
        var before = RewoundHistory.View(failed.History);
        var view = RewoundHistory.Cut(before);
        var executor = hot.Rehearse(failed, view);
        List<HistoryEvent> events = [new ExecutionRewoundEvent { Reason = reason, Timestamp = now.UtcDateTime }, new OrchestratorStartedEvent { Timestamp = now.UtcDateTime }];
        var queue = new Requeue(failed, executor, now.UtcDateTime);
        foreach (var happened in view.Where(happened => happened.EventId >= 0 && executor.IsOpen(happened.EventId)))
        {
            if (happened is SubOrchestrationInstanceCreatedEvent child)
                await ChildAsync(child, new OrchestrationInstance(failed.InstanceId, failed.ExecutionId), queue, reason, cancellation);
            else
                queue.Add(happened);
        }
        var commit = queue.AddTo(new CommitTurn
        {
            InstanceId = failed.InstanceId,
            ExecutionId = failed.ExecutionId,
            Revision = failed.Revision,
            Reopens = true,
            OpenTurn = true,
            HistoryRow = failed.NextHistoryRow,
            Events = events,
            Status = OrchestrationRuntimeStatus.Running,
            At = now,
            CustomStatus = failed.CustomStatus,
        });
        if ((await engine.WriteAsync(commit, CancellationToken.None)).Outcome != WriteOutcome.Done)
            return false;
        engine.TakeUp(commit);
        return true;
    }

    private async Task ChildAsync(SubOrchestrationInstanceCreatedEvent created, OrchestrationInstance parent, Requeue queue, string reason, CancellationToken cancellation)
    {
        var record = await ChildRecords.FindAsync(hub, created, parent, cancellation);
        if (record?.Status == OrchestrationRuntimeStatus.Completed)
        {
            queue.Report(created, record.Output);
            return;
        }
        if (record?.Status == OrchestrationRuntimeStatus.Failed)
        {
            var child = await hub.LoadEndedAsync(created.InstanceId, cancellation);
            if (child is not null)
                await RewindAsync(child, reason, cancellation);
        }
        else if (record is null || !InstanceIds.Live.Contains(record.Status))
        {
            queue.Add(created); // gone, or terminated: it begins anew
            return;
        }
        // It lives and reports by itself; an end in the meantime is looked for before the first turn.
    }
}
