using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <content>Turns.</content>
internal sealed partial class HubWriter
{
    private WriteResult Turn(CommitTurn turn)
    {
        var packed = false;
        foreach (var (taskId, attempt) in turn.ConsumedActivities)
        {
            if (!IsCurrent(new ActivityKey(turn.InstanceId, turn.ExecutionId, taskId), attempt, out var isPacked))
                return s_fenced;
            packed |= isPacked;
        }
        if ((MayPack(turn) && !IsWhereFound(turn)) || (turn.Reopens && StatusOf(turn.InstanceId) != OrchestrationRuntimeStatus.Failed))
            return s_fenced;
        if (turn.Reopens)
            DropResults(turn.InstanceId);
        if (!Advance(turn))
            return s_fenced;
        var ended = !IsLive(turn.Status);
        var execution = turn.Restart?.OrchestrationInstance.ExecutionId ?? turn.ExecutionId;
        if (turn.Restart is not null)
            DropHistory(turn.InstanceId);
        statements.Execute(
            "INSERT INTO history (instance_id, execution_id, turn, events) VALUES ($0, $1, $2, $3)",
            turn.InstanceId, execution, turn.HistoryRow, Payloads.Store(statements, turn.StoredEvents));
        if (ended || turn.Restart is not null)
            DropWork(turn, everything: ended);
        foreach (var sequence in turn.ConsumedMessages)
            statements.Execute("DELETE FROM inbox WHERE sequence = $0", sequence);
        foreach (var (taskId, _) in turn.ConsumedActivities)
            DropActivity(new ActivityKey(turn.InstanceId, turn.ExecutionId, taskId), packed);
        foreach (var timerId in turn.CancelledTimers)
            statements.Execute("DELETE FROM inbox WHERE instance_id = $0 AND execution_id = $1 AND timer_id = $2", turn.InstanceId, turn.ExecutionId, timerId);
        foreach (var activity in turn.Activities)
            Schedule(activity);
        foreach (var taskId in turn.CancelRequested)
        {
            statements.Execute(
                "UPDATE activities SET cancel_requested = 1 WHERE instance_id = $0 AND execution_id = $1 AND task_id = $2", turn.InstanceId, turn.ExecutionId, taskId);
        }
        return new WriteResult(WriteOutcome.Done, Deliver(turn));
    }

    /// <summary>A turn that writes or removes payloads beside the instance's row, before the fence is asked.</summary>
    private static bool MayPack(CommitTurn turn) => turn.Reopens || turn.Restart is not null || turn.Output is not null || turn.Failure is not null;

    private bool IsWhereFound(CommitTurn turn) => statements.Scalar(
        "SELECT 1 FROM instances WHERE instance_id = $0 AND execution_id = $1 AND revision = $2", turn.InstanceId, turn.ExecutionId, turn.Revision) is not null;

    /// <summary>The fence: the instance is where the turn found it, and this process is still the hub's owner.</summary>
    private bool Advance(CommitTurn turn)
    {
        var fenced = turn.Restart is null
            ? statements.Execute(
                """
                UPDATE instances SET revision = revision + 1, status = $3, open_turn = $4, updated_at = $5, output = $6, failure = $7, custom_status = $8, reason = $9
                WHERE instance_id = $0 AND execution_id = $1 AND revision = $2 AND (SELECT epoch FROM hub) = $10
                """,
                turn.InstanceId, turn.ExecutionId, turn.Revision, (int)turn.Status, turn.OpenTurn, turn.At.UtcTicks,
                Payloads.Store(statements, turn.Output), Payloads.Store(statements, HistoryJson.Write(turn.Failure)), turn.CustomStatus, turn.Reason, epoch)
            : statements.Execute(
                """
                UPDATE instances SET revision = revision + 1, status = $3, open_turn = $4, updated_at = $5, custom_status = $6, execution_id = $7, version = $8, input = $9, reason = NULL
                WHERE instance_id = $0 AND execution_id = $1 AND revision = $2 AND (SELECT epoch FROM hub) = $10
                """,
                turn.InstanceId, turn.ExecutionId, turn.Revision, (int)turn.Status, turn.OpenTurn, turn.At.UtcTicks, turn.CustomStatus,
                turn.Restart.OrchestrationInstance.ExecutionId, turn.Restart.Version, Payloads.Store(statements, turn.Restart.Input), epoch);
        return fenced == 1;
    }

    /// <summary>Calls and timers of the execution that is over; with <paramref name="everything"/> also events that nobody will take.</summary>
    private void DropWork(CommitTurn turn, bool everything)
    {
        DropActivities(turn.InstanceId);
        if (everything)
            statements.Execute("DELETE FROM inbox WHERE instance_id = $0", turn.InstanceId);
        else
            statements.Execute("DELETE FROM inbox WHERE instance_id = $0 AND execution_id = $1", turn.InstanceId, turn.ExecutionId);
    }

    private void Schedule(ScheduledActivity activity) => statements.Execute(
        """
        INSERT INTO activities (instance_id, execution_id, task_id, attempt, cancel_requested, name, version, input, tags) VALUES ($0, $1, $2, $3, 0, $4, $5, $6, $7)
        """,
        activity.Key.InstanceId, activity.Key.ExecutionId, activity.Key.TaskId, activity.Claimed ? 1 : 0, activity.Name, activity.Version,
        Payloads.Store(statements, activity.Input), HistoryJson.Write(activity.Tags));

    private List<InboxMessage> Deliver(CommitTurn turn)
    {
        var delivered = new List<InboxMessage>();
        foreach (var timer in turn.Timers)
            delivered.Add(Post(turn.InstanceId, turn.ExecutionId, new DateTimeOffset(timer.FireAt, TimeSpan.Zero), timer));
        foreach (var child in turn.Children)
            delivered.Add(StartChild(turn, child));
        foreach (var message in turn.Messages)
        {
            if (Dispatch(message) is { } posted)
                delivered.Add(posted);
        }
        if (turn.TerminateChildren is { } terminate)
        {
            foreach (var child in ChildrenOf(turn.InstanceId).Where(child => IsLive(child.Status)))
                delivered.Add(Post(child.Id, null, now, terminate));
        }
        return delivered;
    }

    /// <returns>Null when nobody takes it any more.</returns>
    private InboxMessage? Dispatch(OutgoingMessage message)
    {
        var visibleAt = message.VisibleAt is { } asked && asked > now ? asked : now;
        if (IsEntity(message.InstanceId))
            return PostToEntity(message.InstanceId, visibleAt, message.Event);
        return Accepts(message) ? Post(message.InstanceId, message.ExecutionId, visibleAt, message.Event) : null;
    }

    private bool Accepts(OutgoingMessage message)
    {
        using var reader = statements.Read("SELECT status, execution_id FROM instances WHERE instance_id = $0", message.InstanceId);
        return reader.Read() && IsLive((OrchestrationRuntimeStatus)reader.GetInt32(0)) && (message.ExecutionId is null || message.ExecutionId == reader.GetString(1));
    }

    /// <summary>An ended instance of the id is replaced; a live one fails the call, visibly, in the parent.</summary>
    private InboxMessage StartChild(CommitTurn turn, ExecutionStartedEvent child)
    {
        var instanceId = child.OrchestrationInstance.InstanceId;
        if (StatusOf(instanceId) is { } existing)
        {
            if (IsLive(existing))
            {
                return Post(turn.InstanceId, turn.ExecutionId, now, new SubOrchestrationInstanceFailedEvent
                {
                    TaskScheduledId = child.ParentInstance?.TaskScheduleId ?? -1,
                    Timestamp = turn.At.UtcDateTime,
                    FailureDetails = new TaskFailureDetails(
                        typeof(OrchestrationAlreadyExistsException).FullName!, $"An orchestration instance with ID '{instanceId}' already exists in the {existing} state.", null, null),
                });
            }
            Remove(instanceId);
        }
        return Create(child, now);
    }
}
