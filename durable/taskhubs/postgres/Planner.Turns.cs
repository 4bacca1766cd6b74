using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <content>Turns of instances and batches of entities.</content>
internal sealed partial class Planner
{
    private WriteResult Turn(CommitTurn turn)
    {
        if (facts.Find(turn.InstanceId) is not { } instance || !MayCommit(turn, instance))
            return s_fenced;
        if (plan.Following is { } following && NextTurn.IsPlain(turn))
        {
            following.Add(turn);
            instance.Revision = turn.Revision + 1;
            facts.Activities.Remove(new ActivityKey(turn.InstanceId, turn.ExecutionId, turn.ConsumedActivities[0].TaskId));
            return s_done;
        }
        var owner = OwnerAfter(turn);
        var ended = !Statuses.IsLive(turn.Status);
        if (turn.Reopens)
            plan.OldPayloads.Add((turn.InstanceId, PayloadPart.Result));
        if (turn.Restart is not null)
        {
            plan.OldHistories.Add(turn.InstanceId);
            plan.OldPayloads.Add((turn.InstanceId, PayloadPart.Input));
        }
        plan.Turns.Add((
            turn, Keep(turn.InstanceId, PayloadPart.Result, turn.Output), Keep(turn.InstanceId, PayloadPart.Result, HistoryJson.Write(turn.Failure)),
            Keep(turn.InstanceId, PayloadPart.Input, turn.Restart?.Input), owner));
        if (owner is null && !ended)
            plan.Told.Add(0);
        instance.Revision = turn.Revision + 1;
        instance.Status = turn.Status;
        instance.Owner = owner;
        var execution = turn.Restart?.OrchestrationInstance.ExecutionId ?? turn.ExecutionId;
        instance.Execution = execution;
        Remember(turn, execution);
        if (ended || turn.Restart is not null)
            DropWork(turn, everything: ended);
        plan.Consumed.AddRange(turn.ConsumedMessages);
        foreach (var (taskId, attempt) in turn.ConsumedActivities)
        {
            plan.EndedActivities.Add((new ActivityKey(turn.InstanceId, turn.ExecutionId, taskId), attempt));
            facts.Activities.Remove(new ActivityKey(turn.InstanceId, turn.ExecutionId, taskId));
        }
        foreach (var timerId in turn.CancelledTimers)
            plan.CancelledTimers.Add((turn.InstanceId, turn.ExecutionId, timerId));
        return new WriteResult(WriteOutcome.Done, LetOut(turn));
    }

    /// <summary>The start of an instance and its first turn: of all that a turn can do, there is nothing yet that it could take away.</summary>
    private WriteResult Begin(ExecutionStartedEvent start, CommitTurn first)
    {
        var ended = !Statuses.IsLive(first.Status);
        var owner = ended ? (int?)null : node;
        var id = first.InstanceId;
        plan.Begun.Add(new BegunInstance(
            new NewInstance(
                id, first.ExecutionId, start.Name, start.Version, (int)first.Status, owner, start.ParentInstance?.OrchestrationInstance.InstanceId,
                first.At.UtcTicks, Keep(id, PayloadPart.Input, start.Input), HistoryJson.Write(start.Tags)),
            first.CustomStatus, first.Reason, ended ? first.At.UtcTicks : null, Keep(id, PayloadPart.Result, first.Output), Keep(id, PayloadPart.Result, HistoryJson.Write(first.Failure))));
        facts.Instances[id] = new InstanceFact { Status = first.Status, Execution = first.ExecutionId, Revision = first.Revision + 1, Owner = owner };
        Remember(first, first.ExecutionId);
        return new WriteResult(WriteOutcome.Done, LetOut(first)) { TookFirstTurn = true };
    }

    private void Remember(CommitTurn turn, string execution) =>
        plan.History.Add((turn.InstanceId, execution, turn.HistoryRow, Keep(turn.InstanceId, PayloadPart.History, turn.StoredEvents)!));

    /// <returns>Messages that this node takes.</returns>
    private List<InboxMessage> LetOut(CommitTurn turn)
    {
        foreach (var activity in turn.Activities)
            Schedule(activity);
        foreach (var taskId in turn.CancelRequested)
        {
            plan.CancelledActivities.Add(new ActivityKey(turn.InstanceId, turn.ExecutionId, taskId));
            plan.StopsCalls = true;
        }
        return Deliver(turn);
    }

    /// <summary>The fence: this node owns the instance, which is where the turn found it; the ends of calls are of their current attempts.</summary>
    private bool MayCommit(CommitTurn turn, InstanceFact instance) =>
        (turn.Reopens ? instance.Status == OrchestrationRuntimeStatus.Failed : instance.Owner == node)
        && instance.Execution == turn.ExecutionId && instance.Revision == turn.Revision
        && turn.ConsumedActivities.All(ended => IsCurrent(new ActivityKey(turn.InstanceId, turn.ExecutionId, ended.TaskId), ended.Attempt));

    private int? OwnerAfter(CommitTurn turn)
    {
        if (!Statuses.IsLive(turn.Status) || turn.Reopens)
            return null;
        return turn.Restart is { } restart && !tasks.HasOrchestrator(restart.Name, restart.Version) ? null : node;
    }

    /// <summary>Calls and timers of the execution that is over; with <paramref name="everything"/> also events that nobody will take.</summary>
    private void DropWork(CommitTurn turn, bool everything)
    {
        plan.Idle.Add(turn.InstanceId);
        facts.DropActivities(turn.InstanceId);
        // One that has completed waits for no call: it need not tell anybody.
        plan.StopsCalls |= everything && turn.Status != OrchestrationRuntimeStatus.Completed;
        if (everything)
        {
            plan.EmptyInboxes.Add(turn.InstanceId);
            plan.Inbox.RemoveAll(row => row.Message.InstanceId == turn.InstanceId);
        }
        else
        {
            plan.OldMessages.Add((turn.InstanceId, turn.ExecutionId));
            plan.Inbox.RemoveAll(row => row.Message.InstanceId == turn.InstanceId && row.Message.ExecutionId == turn.ExecutionId);
        }
    }

    private void Schedule(ScheduledActivity activity)
    {
        plan.Activities.Add((activity, Keep(activity.Key.InstanceId, PayloadPart.Activity, activity.Input)));
        if (!activity.Claimed)
            plan.Told.Add(0);
    }

    private List<InboxMessage> Deliver(CommitTurn turn)
    {
        var delivered = new List<InboxMessage>();
        foreach (var timer in turn.Timers)
            Add(delivered, Post(turn.InstanceId, turn.ExecutionId, new DateTimeOffset(timer.FireAt, TimeSpan.Zero), timer));
        foreach (var child in turn.Children)
            Add(delivered, StartChild(turn, child));
        foreach (var message in turn.Messages)
            Add(delivered, Dispatch(message));
        if (turn.TerminateChildren is { } terminate)
        {
            foreach (var child in facts.Children.GetValueOrDefault(turn.InstanceId) ?? [])
            {
                if (facts.Find(child) is { IsLive: true })
                    Add(delivered, Post(child, null, now, terminate));
            }
        }
        return delivered;
    }

    /// <summary>An ended instance of the id is replaced; a live one fails the call, visibly, in the parent.</summary>
    private InboxMessage? StartChild(CommitTurn turn, ExecutionStartedEvent child)
    {
        var instanceId = child.OrchestrationInstance.InstanceId;
        if (facts.Find(instanceId) is { } existing)
        {
            if (existing.IsLive)
            {
                return Post(turn.InstanceId, turn.ExecutionId, now, new SubOrchestrationInstanceFailedEvent
                {
                    TaskScheduledId = child.ParentInstance?.TaskScheduleId ?? -1,
                    Timestamp = turn.At.UtcDateTime,
                    FailureDetails = new TaskFailureDetails(
                        typeof(OrchestrationAlreadyExistsException).FullName!, $"An orchestration instance with ID '{instanceId}' already exists in the {existing.Status} state.", null, null),
                });
            }
            Remove(instanceId);
        }
        return Create(child, now);
    }

    private WriteResult Entity(CommitEntity commit)
    {
        if (facts.Find(commit.InstanceId) is not { } entity || entity.Owner != node || entity.Execution != commit.ExecutionId || entity.Revision != commit.Revision)
            return s_fenced;
        plan.OldPayloads.Add((commit.InstanceId, PayloadPart.State));
        plan.Entities.Add((commit, Keep(commit.InstanceId, PayloadPart.State, commit.State)));
        entity.Revision++;
        plan.Consumed.AddRange(commit.ConsumedMessages);
        var delivered = new List<InboxMessage>();
        foreach (var message in commit.Messages)
            Add(delivered, Dispatch(message));
        foreach (var start in commit.Starts)
            delivered.AddRange(Start(start).Delivered);
        if (commit.State is null && commit.LockedBy is null)
            plan.Traceless.Add(commit.InstanceId);
        return new WriteResult(WriteOutcome.Done, delivered);
    }

    private static void Add(List<InboxMessage> delivered, InboxMessage? message)
    {
        if (message is not null)
            delivered.Add(message);
    }
}
