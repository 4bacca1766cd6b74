using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Turns;

/// <summary>Feeds the ready messages of one instance to its executor and turns what comes out into one commit.</summary>
internal sealed class TurnRunner(HotInstance instance, DateTimeOffset now, IExceptionPropertiesProvider? properties)
{
    private readonly List<HistoryEvent> _events = [];
    private readonly List<long> _consumed = [];
    private readonly List<(int TaskId, int Attempt)> _activities = [];
    private readonly OrchestrationExecutor _executor = instance.Executor;
    private bool _suspended = instance.IsSuspended;
    private bool _touched;
    private ExecutionTerminatedEvent? _terminated;

    /// <summary>Ends of calls that were in memory only, and which the turn has taken out of it.</summary>
    public List<PendingMessage> TakenEnds { get; } = [];

    private DateTime Time => now.UtcDateTime;

    public CommitTurn? Run()
    {
        Queue();
        while (instance.Ready.Count > 0 && _terminated is null)
        {
            var message = instance.Ready[0];
            instance.Ready.RemoveAt(0);
            Consume(message);
        }
        if (_terminated is not null)
        {
            ConsumeRest();
            return End(OrchestrationRuntimeStatus.Terminated, _terminated.Input, null) with
            {
                TerminateChildren = _terminated.Recurse ? _terminated : null,
            };
        }
        if (instance.Obstacle is { } obstacle)
            return Stop(obstacle);
        if (!_touched && (!instance.OpenTurn || _suspended))
            return null;
        if (instance.OpenTurn && !_suspended)
            Open();
        return Close();
    }

    /// <summary>The start comes first, whatever else has arrived; a resumed instance takes what it was kept from before what is newer.</summary>
    private void Queue()
    {
        var start = instance.Ready.FindIndex(message => message.Event is ExecutionStartedEvent);
        if (start > 0)
        {
            var first = instance.Ready[start];
            instance.Ready.RemoveAt(start);
            instance.Ready.Insert(0, first);
        }
    }

    private void Consume(PendingMessage message)
    {
        if (message.ExecutionId is { } meant && meant != instance.ExecutionId)
        {
            // Meant for an execution that has ended. The row goes; an activity's end in memory has no row left.
            if (message.Sequence is { } stale)
            {
                Open();
                _consumed.Add(stale);
            }
            return;
        }
        var isControl = message.Event is ExecutionTerminatedEvent || (message.Event is ExecutionResumedEvent && instance.Obstacle is not { Action: ObstacleAction.Wait })
            // A second suspension changes nothing; held back, it would come true after the resume.
            || (message.Event is ExecutionSuspendedEvent && _suspended && instance.Obstacle is null);
        if ((_suspended || instance.Obstacle is not null) && !isControl)
        {
            // If it ends for the obstacle, its parent has to hear of it.
            instance.Start ??= message.Event as ExecutionStartedEvent;
            instance.Held.Add(message);
            return;
        }
        Open();
        Mark(message);
        switch (message.Event)
        {
            case ExecutionTerminatedEvent terminated:
                _terminated = terminated;
                _events.Add(terminated with { Timestamp = Time });
                break;
            case ExecutionSuspendedEvent suspended:
                _suspended = true;
                instance.Reason = suspended.Reason;
                _events.Add(suspended with { Timestamp = Time });
                break;
            case ExecutionResumedEvent resumed:
                _suspended = false;
                _events.Add(resumed with { Timestamp = Time });
                instance.Ready.InsertRange(0, instance.Held);
                instance.Held.Clear();
                break;
            default:
                if (IsNews(message.Event))
                {
                    var happened = (message.Event is TimerFiredEvent fired ? fired with { Delay = null } : message.Event) with { Timestamp = Time };
                    _events.Add(happened);
                    _executor.Apply(happened, replaying: false);
                }
                break;
        }
    }

    private void Mark(PendingMessage message)
    {
        if (message.Sequence is { } sequence)
            _consumed.Add(sequence);
        else
        {
            _activities.Add((TaskIdOf(message.Event), message.Attempt));
            TakenEnds.Add(message);
        }
    }

    public static int TaskIdOf(HistoryEvent ended) => ended switch
    {
        TaskCompletedEvent completed => completed.TaskScheduledId,
        TaskFailedEvent failed => failed.TaskScheduledId,
        _ => throw new InvalidOperationException($"{ended.EventType} is not the end of an activity."),
    };

    /// <summary>Second ends of a call, fired timers that were cancelled and second starts leave no trace.</summary>
    private bool IsNews(HistoryEvent happened) => happened switch
    {
        ExecutionStartedEvent => _executor.Start is null,
        TaskCompletedEvent completed => _executor.IsOpen(completed.TaskScheduledId),
        TaskFailedEvent failed => _executor.IsOpen(failed.TaskScheduledId),
        SubOrchestrationInstanceCompletedEvent completed => _executor.IsOpen(completed.TaskScheduledId),
        SubOrchestrationInstanceFailedEvent failed => _executor.IsOpen(failed.TaskScheduledId),
        TimerFiredEvent fired => _executor.IsOpen(fired.TimerId),
        EntityOperationCompletedEvent done => _executor.IsOpen(done.TaskScheduledId),
        EntityOperationFailedEvent failed => _executor.IsOpen(failed.TaskScheduledId),
        EntityLockGrantedEvent granted => _executor.IsOpen(granted.TaskScheduledId),
        _ => true,
    };

    private void Open()
    {
        if (_touched)
            return;
        _touched = true;
        if (instance.OpenTurn)
            return;
        var started = new OrchestratorStartedEvent { Timestamp = Time };
        _events.Add(started);
        _executor.Apply(started, replaying: false);
    }

    private void ConsumeRest()
    {
        foreach (var message in instance.Ready.Concat(instance.Held))
        {
            instance.Start ??= message.Event as ExecutionStartedEvent;
            if (message.Sequence is { } sequence)
                _consumed.Add(sequence);
        }
        instance.Ready.Clear();
        instance.Held.Clear();
    }

    private CommitTurn? Stop(Obstacle obstacle)
    {
        switch (obstacle.Action)
        {
            case ObstacleAction.Fail:
                return End(OrchestrationRuntimeStatus.Failed, null, new TaskFailureDetails(obstacle.ErrorType, obstacle.Reason, null, null));
            case ObstacleAction.Suspend when _touched || !_suspended:
                Open();
                _events.Add(new ExecutionSuspendedEvent { Timestamp = Time, Reason = obstacle.Reason });
                _suspended = true;
                instance.Reason = obstacle.Reason;
                return Close();
            case ObstacleAction.Wait when _touched:
                // Rows that nobody will ever take went; the instance stays where it is.
                return Close();
            default:
                return null;
        }
    }

    private CommitTurn Close()
    {
        if (instance.Obstacle is null && !_suspended)
        {
            if (_executor.HasEnded)
                return Ended();
            if (_executor.IsStalled)
            {
                return End(OrchestrationRuntimeStatus.Failed, null, new TaskFailureDetails(
                    typeof(InvalidOperationException).FullName!,
                    "The orchestrator waits for nothing durable. An orchestrator may await only tasks made by its context, without ConfigureAwait(false).", null, null));
            }
        }
        var actions = new ActionWriter(_executor, Time, instance.InstanceId, instance.ExecutionId);
        if (instance.Obstacle is null)
            actions.Write(_events);
        RecordLocks();
        _events.Add(new OrchestratorCompletedEvent { Timestamp = Time });
        var status = _suspended ? OrchestrationRuntimeStatus.Suspended
            : instance.Obstacle is not null ? instance.Status
            : _executor.Start is null ? OrchestrationRuntimeStatus.Pending
            : OrchestrationRuntimeStatus.Running;
        return actions.AddTo(Commit(status)) with { OpenTurn = instance.OpenTurn && instance.Obstacle is not null };
    }

    private CommitTurn Ended()
    {
        if (_executor.Failure is { } failure)
            return End(OrchestrationRuntimeStatus.Failed, null, TaskFailureDetails.FromException(failure, properties));
        if (_executor.Restart is { } restart)
            return StartOver(restart);
        try
        {
            return End(OrchestrationRuntimeStatus.Completed, _executor.Converter.Serialize(_executor.Result), null);
        }
        catch (Exception exception) when (exception is PayloadTooLargeException or NotSupportedException or System.Text.Json.JsonException)
        {
            return End(OrchestrationRuntimeStatus.Failed, null, TaskFailureDetails.FromException(exception, properties));
        }
    }

    /// <summary>Sends and starts that the last turn asked for still go out; calls and timers have nobody left to hear of them.</summary>
    private CommitTurn End(OrchestrationRuntimeStatus status, string? output, TaskFailureDetails? failure)
    {
        Open();
        var actions = new ActionWriter(_executor, Time, instance.InstanceId, instance.ExecutionId) { Last = true };
        if (_terminated is null && instance.Obstacle is null)
            actions.Write(_events);
        RecordLocks();
        actions.Release(instance.Locks, _events);
        _events.Add(new ExecutionCompletedEvent { Timestamp = Time, OrchestrationStatus = status, Result = output, FailureDetails = failure });
        _events.Add(new OrchestratorCompletedEvent { Timestamp = Time });
        if ((_executor.Start ?? instance.Start)?.ParentInstance is { } parent)
        {
            HistoryEvent report = status == OrchestrationRuntimeStatus.Completed
                ? new SubOrchestrationInstanceCompletedEvent { TaskScheduledId = parent.TaskScheduleId, Result = output, Timestamp = Time }
                : new SubOrchestrationInstanceFailedEvent { TaskScheduledId = parent.TaskScheduleId, FailureDetails = failure ?? Terminated(output), Timestamp = Time };
            actions.Messages.Add(new OutgoingMessage(parent.OrchestrationInstance.InstanceId, parent.OrchestrationInstance.ExecutionId, report));
        }
        return actions.AddTo(Commit(status)) with { Output = output, Failure = failure };
    }

    private void RecordLocks()
    {
        foreach (var happened in _events)
            instance.Locks.Record(happened);
    }

    private TaskFailureDetails Terminated(string? output) => new(
        "Terminated", $"Orchestration '{instance.InstanceId}' was terminated{(output is null ? "." : ": " + output)}", null, null);

    private CommitTurn StartOver(Restart restart)
    {
        var actions = new ActionWriter(_executor, Time, instance.InstanceId, instance.ExecutionId) { Last = true };
        actions.Write(_events);
        RecordLocks();
        actions.Release(instance.Locks, []); // history begins anew
        var former = _executor.Start!;
        // Derived, not random: the same turn leads to the same execution.
        var execution = NameBasedGuid.Create($"{instance.ExecutionId}_{former.Generation + 1}").ToString("N");
        var start = former with
        {
            OrchestrationInstance = new OrchestrationInstance(instance.InstanceId, execution),
            Input = restart.Input,
            Version = restart.Version,
            Generation = former.Generation + 1,
            Timestamp = Time,
            ScheduledStartTime = null,
        };
        List<HistoryEvent> fresh = [new OrchestratorStartedEvent { Timestamp = Time }, start];
        if (restart.PreserveEvents)
            fresh.AddRange(_executor.Events.Buffered.Select(one => new EventRaisedEvent { Name = one.Name, Input = one.Input, Timestamp = Time }));
        return actions.AddTo(Commit(OrchestrationRuntimeStatus.Running)) with { Restart = start, Events = fresh, HistoryRow = 0, OpenTurn = true };
    }

    private CommitTurn Commit(OrchestrationRuntimeStatus status) => new()
    {
        InstanceId = instance.InstanceId,
        ExecutionId = instance.ExecutionId,
        Revision = instance.Revision,
        HistoryRow = instance.NextHistoryRow,
        Events = _events,
        Status = status,
        At = now,
        CustomStatus = _executor.HasCustomStatus ? _executor.CustomStatus : instance.CustomStatus,
        Reason = status == OrchestrationRuntimeStatus.Suspended ? instance.Reason : instance.Obstacle?.Reason,
        ConsumedMessages = _consumed,
        ConsumedActivities = _activities,
    };
}
