using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Client;

/// <summary>The work of an instance that lives again: what its history begins and does not end.</summary>
internal sealed class Requeue(InstanceSnapshot instance, OrchestrationExecutor executor, DateTime time)
{
    private readonly List<ScheduledActivity> _activities = [];
    private readonly List<TimerFiredEvent> _timers = [];
    private readonly List<ExecutionStartedEvent> _children = [];
    private readonly List<OutgoingMessage> _messages = [];

    public void Add(HistoryEvent begun)
    {
        switch (begun)
        {
            case TaskScheduledEvent task:
                // Not taken at once: the process that opens the instance claims it like any other that was left behind.
                var key = new ActivityKey(instance.InstanceId, instance.ExecutionId, task.EventId);
                _activities.Add(new ScheduledActivity(key, task.Name, task.Version, task.Input, task.Tags) { Claimed = false });
                break;
            case TimerCreatedEvent timer:
                _timers.Add(new TimerFiredEvent { TimerId = timer.EventId, FireAt = timer.FireAt, Delay = timer.Delay, Timestamp = timer.FireAt });
                break;
            case SubOrchestrationInstanceCreatedEvent child:
                _children.Add(ActionWriter.StartOf(
                    new StartChild(child.EventId, child.Name, child.Version, child.InstanceId, child.Input, child.Tags, FireAndForget: false),
                    executor.Start!, new OrchestrationInstance(instance.InstanceId, instance.ExecutionId), time));
                break;
            case EntityOperationCalledEvent call:
                _messages.Add(new OutgoingMessage(call.TargetInstanceId, null, call with { Timestamp = time }));
                break;
            case EntityLockRequestedEvent request:
                _messages.Add(new OutgoingMessage(request.LockSet[0], null, request with { Timestamp = time }));
                break;
        }
    }

    public void Report(SubOrchestrationInstanceCreatedEvent child, string? output) => _messages.Add(new OutgoingMessage(
        instance.InstanceId, instance.ExecutionId, new SubOrchestrationInstanceCompletedEvent { TaskScheduledId = child.EventId, Result = output, Timestamp = time }));

    public CommitTurn AddTo(CommitTurn commit) => commit with { Activities = _activities, Timers = _timers, Children = _children, Messages = _messages };

    public static HistoryEvent Ended(SubOrchestrationInstanceCreatedEvent child, InstanceRecord record, DateTime time) => record.Status == OrchestrationRuntimeStatus.Completed
        ? new SubOrchestrationInstanceCompletedEvent { TaskScheduledId = child.EventId, Result = record.Output, Timestamp = time }
        : new SubOrchestrationInstanceFailedEvent
        {
            TaskScheduledId = child.EventId,
            FailureDetails = record.Failure ?? new TaskFailureDetails(record.Status.ToString(), $"Orchestration '{child.InstanceId}' ended as {record.Status}.", null, null),
            Timestamp = time,
        };
}
