using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Client;

/// <summary>What has become of children. Their ids may be anybody's by now: one that is gone may have been followed by another instance of the same id.</summary>
internal static class ChildRecords
{
    /// <param name="parent">The execution that has begun the child.</param>
    /// <returns>Null when the child is gone, whoever has its id.</returns>
    public static async ValueTask<InstanceRecord?> FindAsync(ITaskHub hub, SubOrchestrationInstanceCreatedEvent created, OrchestrationInstance parent, CancellationToken cancellation)
    {
        var record = await hub.ReadInstanceAsync(created.InstanceId, withData: true, cancellation);
        if (record is null || record.ExecutionId == ActionWriter.ChildExecution(parent, created.EventId))
            return record;
        // It may have continued as new; its start still names its parent.
        var history = await hub.ReadHistoryAsync(created.InstanceId, cancellation);
        var start = history?.OfType<ExecutionStartedEvent>().FirstOrDefault()?.ParentInstance;
        return start is not null && start.TaskScheduleId == created.EventId && start.OrchestrationInstance == parent ? record : null;
    }
}
