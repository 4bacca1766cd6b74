using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Turns;

/// <summary>Turns the orchestrator's actions into history events and queued work.</summary>
internal sealed class ActionWriter(OrchestrationExecutor executor, DateTime time, string instanceId, string executionId)
{
    private readonly List<ScheduledActivity> _activities = [];
    private readonly List<TimerFiredEvent> _timers = [];
    private readonly List<ExecutionStartedEvent> _children = [];
    private readonly List<int> _cancelledTimers = [];
    private readonly List<int> _cancelRequested = [];

    public List<OutgoingMessage> Messages { get; } = [];

    /// <summary>The execution ends with this turn: calls, timers and awaited children are not begun.</summary>
    public bool Last { get; init; }

    public void Write(List<HistoryEvent> events)
    {
        foreach (var action in executor.TakeActions())
            Write(action, events);
        _cancelledTimers.AddRange(executor.CancelledTimers);
        _cancelRequested.AddRange(executor.CancelRequested.Where(executor.IsOpen));
        executor.CancelledTimers.Clear();
        executor.CancelRequested.Clear();
        _timers.RemoveAll(timer => _cancelledTimers.Contains(timer.TimerId));
    }

    public CommitTurn AddTo(CommitTurn commit) => commit with
    {
        Activities = _activities,
        Timers = _timers,
        Children = _children,
        Messages = Messages,
        CancelledTimers = _cancelledTimers,
        CancelRequested = _cancelRequested,
    };

    private void Write(OrchestratorAction action, List<HistoryEvent> events)
    {
        switch (action)
        {
            case CallActivity call when !Last:
                events.Add(new TaskScheduledEvent { EventId = call.Id, Timestamp = time, Name = call.Name, Version = call.Version, Input = call.Input, Tags = call.Tags });
                _activities.Add(new ScheduledActivity(new ActivityKey(instanceId, executionId, call.Id), call.Name, call.Version, call.Input, call.Tags));
                break;
            case CreateTimer timer when !Last:
                events.Add(new TimerCreatedEvent { EventId = timer.Id, Timestamp = time, FireAt = timer.FireAt, Delay = timer.Delay });
                _timers.Add(new TimerFiredEvent { TimerId = timer.Id, FireAt = timer.FireAt, Delay = timer.Delay, Timestamp = timer.FireAt });
                break;
            case StartChild child when !Last || child.FireAndForget:
                events.Add(new SubOrchestrationInstanceCreatedEvent
                {
                    EventId = child.Id, Timestamp = time, Name = child.Name, Version = child.Version, InstanceId = child.InstanceId, Input = child.Input, Tags = child.Tags,
                });
                _children.Add(StartOf(child, executor.Start!, new OrchestrationInstance(instanceId, executionId), time));
                break;
            case CallEntity call when !Last:
                var called = new EntityOperationCalledEvent
                {
                    EventId = call.Id, Timestamp = time, RequestId = call.RequestId, TargetInstanceId = call.Target, Operation = call.Operation, Input = call.Input,
                    Parent = new OrchestrationInstance(instanceId, executionId),
                };
                events.Add(called);
                Messages.Add(new OutgoingMessage(call.Target, null, called));
                break;
            case RequestLock request when !Last:
                var requested = new EntityLockRequestedEvent
                {
                    EventId = request.Id, Timestamp = time, CriticalSectionId = request.SectionId, LockSet = request.LockSet,
                    Parent = new OrchestrationInstance(instanceId, executionId),
                };
                events.Add(requested);
                Messages.Add(new OutgoingMessage(request.LockSet[0], null, requested));
                break;
            case SignalEntity signal:
                var signaled = new EntityOperationSignaledEvent
                {
                    EventId = signal.Id, Timestamp = time, RequestId = signal.RequestId, TargetInstanceId = signal.Target, Operation = signal.Operation, Input = signal.Input,
                    ScheduledTime = signal.At?.UtcDateTime,
                };
                events.Add(signaled);
                Messages.Add(new OutgoingMessage(signal.Target, null, signaled) { VisibleAt = signal.At });
                break;
            case Unlock unlock:
                var unlocked = new EntityUnlockSentEvent
                {
                    EventId = unlock.Id, Timestamp = time, CriticalSectionId = unlock.SectionId, TargetInstanceId = unlock.Target, ParentInstanceId = instanceId,
                };
                events.Add(unlocked);
                Messages.Add(new OutgoingMessage(unlock.Target, null, unlocked));
                break;
            case SendEventTo sent:
                events.Add(new EventSentEvent { EventId = sent.Id, Timestamp = time, InstanceId = sent.InstanceId, Name = sent.Name, Input = sent.Input });
                Messages.Add(new OutgoingMessage(sent.InstanceId, null, new EventRaisedEvent { Name = sent.Name, Input = sent.Input, Timestamp = time }));
                break;
        }
    }

    /// <summary>The execution ends: entities that it holds, or waits for, are free again with the same commit.</summary>
    public void Release(HeldLocks locks, List<HistoryEvent> events)
    {
        foreach (var unlock in locks.Release(instanceId, time))
        {
            events.Add(unlock);
            Messages.Add(HeldLocks.Message(unlock));
        }
    }

    /// <summary>The first execution of a child: derived, so that the same turn leads to the same.</summary>
    public static string ChildExecution(OrchestrationInstance caller, int taskId) => NameBasedGuid.Create($"{caller.ExecutionId}_{taskId}_child").ToString("N");

    public static ExecutionStartedEvent StartOf(StartChild child, ExecutionStartedEvent parent, OrchestrationInstance caller, DateTime time) => new()
    {
        OrchestrationInstance = new OrchestrationInstance(child.InstanceId, ChildExecution(caller, child.Id)),
        ParentInstance = child.FireAndForget ? null : new ParentInstance(caller, parent.Name, parent.Version, child.Id),
        Name = child.Name,
        Version = child.Version,
        Input = child.Input,
        Tags = child.Tags,
        Timestamp = time,
        ParentTraceContext = parent.ParentTraceContext,
        ParentTraceState = parent.ParentTraceState,
    };
}
