using Npgsql;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using static SnapshotWorkflows.Durable.TaskHubs.Postgres.Parameters;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// A plan as statements: one for each kind of row, whatever the number of rows. A statement whose condition must hold for all its rows divides by zero where it
/// does not, and takes the whole transaction with it.
/// </summary>
internal sealed class PlanWriter(Plan plan, int node)
{
    /// <summary>SQLSTATE of a condition that did not hold.</summary>
    public const string ConditionFailed = PostgresErrorCodes.DivisionByZero;

    private readonly List<(Statement Statement, bool Single, NpgsqlParameter[] Parameters)> _parts = [];

    /// <summary>First in every commit: the node lives, and this commit is none that was given up.</summary>
    public PlanWriter Number(long commit)
    {
        Add(Statements.Number, Small(node), Parameters.Number(commit));
        return this;
    }

    /// <param name="channel">On which nodes that are to look hear of it.</param>
    public void Write(NpgsqlBatch batch, string channel)
    {
        Remove();
        Follow();
        Instances();
        Drop();
        Insert();
        InsertWork();
        if (plan.Told.Count > 0 || plan.StopsCalls)
            Add(Statements.Notify, Text(channel), Text(Told()));
        if (Statement.Merge(_parts) is { } merged)
        {
            batch.BatchCommands.Add(Command(merged, [.. _parts.SelectMany(part => part.Parameters)]));
            return;
        }
        foreach (var (statement, single, parameters) in _parts)
            batch.BatchCommands.Add(Command(statement.Text(single), parameters));
    }

    private string Told()
    {
        var nodes = plan.Told.Contains(0) ? "0" : string.Join(',', plan.Told);
        return !plan.StopsCalls ? nodes : nodes.Length == 0 ? NodeSession.StopsCalls : $"{nodes},{NodeSession.StopsCalls}";
    }

    private void Remove()
    {
        if (plan.OldPayloads.Count > 0)
            Add(Statements.OldPayloads, Texts(plan.OldPayloads, old => old.Instance), Smalls(plan.OldPayloads, old => (int)old.Part));
        if (plan.Removed.Count > 0)
        {
            foreach (var statement in Statements.Purge)
                Add(statement, Texts(plan.Removed, id => id));
        }
    }

    /// <summary>Everything of these instances.</summary>
    public static void Purge(NpgsqlBatch batch, IReadOnlyList<string> ids)
    {
        foreach (var statement in Statements.Purge)
            batch.BatchCommands.Add(Command(statement.Text(single: false), Texts(ids, id => id)));
    }

    private void Follow()
    {
        if (plan.Following is not { Count: > 0 } turns)
            return;
        Add(
            Statements.Following, Small(node), Texts(turns, turn => turn.InstanceId), Texts(turns, turn => turn.ExecutionId), Numbers(turns, turn => turn.Revision), Numbers(turns, turn => turn.At.UtcTicks),
            Smalls(turns, turn => turn.ConsumedActivities[0].TaskId), Smalls(turns, turn => turn.ConsumedActivities[0].Attempt), Smalls(turns, turn => turn.HistoryRow), Texts(turns, turn => turn.StoredEvents),
            Smalls(turns, turn => turn.Activities[0].Key.TaskId), Texts(turns, turn => turn.Activities[0].Name), Texts(turns, turn => turn.Activities[0].Input));
    }

    private void Instances()
    {
        Continue([.. plan.Turns.Where(row => GoesOn(row) && !IsPlain(row.Turn)).Select(row => row.Turn)]);
        ContinuePlainly([.. plan.Turns.Where(row => GoesOn(row) && IsPlain(row.Turn)).Select(row => row.Turn)]);
        Change([.. plan.Turns.Where(row => !GoesOn(row))]);
        if (plan.Expected.Count > 0)
        {
            (string Id, string? Execution)[] expected = [.. plan.Expected];
            Add(Statements.Expected, Texts(expected, one => one.Id), Texts(expected, one => one.Execution), Small(node), Parameters.Number(expected.Length));
        }
        Entities();
        if (plan.Notes.Count > 0)
            Add(Statements.Notes, Texts(plan.Notes, note => note.Id), Texts(plan.Notes, note => note.Reason));
    }

    private bool GoesOn((CommitTurn Turn, string? Output, string? Failure, string? Input, int? Owner) row) =>
        Statuses.IsLive(row.Turn.Status) && row.Turn.Restart is null && !row.Turn.Reopens && row.Owner == node;

    private void Continue(List<CommitTurn> turns)
    {
        if (turns.Count == 0)
            return;
        var of = new Columns<CommitTurn>(turns);
        Add(
            Statements.Continued, of.IsSingle, of.Text(turn => turn.InstanceId), of.Text(turn => turn.ExecutionId), of.Number(turn => turn.Revision), of.Small(turn => (int)turn.Status),
            of.Flag(turn => turn.OpenTurn), of.Number(turn => turn.At.UtcTicks), of.Text(turn => turn.CustomStatus), of.Text(turn => turn.Reason), Small(node), Parameters.Number(turns.Count));
    }

    private static bool IsPlain(CommitTurn turn) => turn is { Status: OrchestrationRuntimeStatus.Running, OpenTurn: false, CustomStatus: null, Reason: null };

    private void ContinuePlainly(List<CommitTurn> turns)
    {
        if (turns.Count == 0)
            return;
        var of = new Columns<CommitTurn>(turns);
        Add(
            Statements.ContinuedPlainly, of.IsSingle, of.Text(turn => turn.InstanceId), of.Text(turn => turn.ExecutionId), of.Number(turn => turn.Revision), of.Number(turn => turn.At.UtcTicks),
            Small(node), Parameters.Number(turns.Count), Small((int)OrchestrationRuntimeStatus.Running));
    }

    private void Change(List<(CommitTurn Turn, string? Output, string? Failure, string? Input, int? Owner)> turns)
    {
        if (turns.Count == 0)
            return;
        var of = new Columns<(CommitTurn Turn, string? Output, string? Failure, string? Input, int? Owner)>(turns);
        Add(
            Statements.Turns, of.IsSingle,
            of.Text(row => row.Turn.InstanceId), of.Text(row => row.Turn.ExecutionId), of.Number(row => row.Turn.Revision),
            of.Small(row => (int)row.Turn.Status), of.Flag(row => row.Turn.OpenTurn), of.Number(row => row.Turn.At.UtcTicks),
            of.NumberOrNull(row => Statuses.IsLive(row.Turn.Status) ? null : row.Turn.At.UtcTicks), of.Text(row => row.Output), of.Text(row => row.Failure),
            of.Text(row => row.Turn.CustomStatus), of.Text(row => row.Turn.Reason), of.SmallOrNull(row => row.Owner),
            of.Text(row => row.Turn.Restart?.OrchestrationInstance.ExecutionId), of.Text(row => row.Turn.Restart?.Version), of.Text(row => row.Input),
            of.Flag(row => row.Turn.Reopens), Small(node), Parameters.Number(turns.Count));
    }

    private void Entities()
    {
        var entities = plan.Entities;
        if (entities.Count == 0)
            return;
        var of = new Columns<(CommitEntity Entity, string? State)>(entities);
        Add(
            Statements.Entities, of.IsSingle,
            of.Text(row => row.Entity.InstanceId), of.Text(row => row.Entity.ExecutionId), of.Number(row => row.Entity.Revision),
            of.Number(row => row.Entity.At.UtcTicks), of.Text(row => row.State), of.Text(row => row.Entity.LockedBy),
            Small(node), Parameters.Number(entities.Count));
    }

    private void Drop()
    {
        if (plan.Consumed.Count > 0)
            Add(Statements.ConsumedMessages, Numbers(plan.Consumed, sequence => sequence));
        if (plan.EmptyInboxes.Count > 0)
            Add(Statements.EmptyInboxes, Texts(plan.EmptyInboxes, id => id));
        if (plan.OldMessages.Count > 0)
            Add(Statements.OldMessages, Texts(plan.OldMessages, old => old.Id), Texts(plan.OldMessages, old => old.Execution));
        if (plan.CancelledTimers.Count > 0)
            Add(Statements.CancelledTimers, Texts(plan.CancelledTimers, timer => timer.Id), Texts(plan.CancelledTimers, timer => timer.Execution), Smalls(plan.CancelledTimers, timer => timer.Timer));
        if (plan.OldHistories.Count > 0)
            Add(Statements.OldHistories, Texts(plan.OldHistories, id => id), Small((int)PayloadPart.History));
        if (plan.EndedActivities.Count > 0)
        {
            var of = new Columns<(ActivityKey Key, int Attempt)>(plan.EndedActivities);
            Add(
                Statements.EndedActivities, of.IsSingle,
                of.Text(ended => ended.Key.InstanceId), of.Text(ended => ended.Key.ExecutionId),
                of.Small(ended => ended.Key.TaskId), of.Small(ended => ended.Attempt), Parameters.Number(plan.EndedActivities.Count));
        }
        if (plan.Idle.Count > 0)
        {
            var of = new Columns<ActivityKey>([.. plan.EndedActivities.Where(ended => plan.Idle.Contains(ended.Key.InstanceId)).Select(ended => ended.Key)]);
            Add(Statements.IdleActivities, of.IsSingle, of.Text(key => key.InstanceId), of.Text(key => key.ExecutionId), of.Small(key => key.TaskId), Texts([.. plan.Idle], id => id));
        }
    }

    private void Insert()
    {
        var made = plan.Instances;
        if (made.Count > 0)
            Add(Statements.NewInstances, made.Count == 1, Made(made));
        var begun = plan.Begun;
        if (begun.Count > 0)
        {
            var of = new Columns<BegunInstance>(begun);
            Add(
                Statements.BegunInstances, of.IsSingle,
                [
                    .. Made([.. begun.Select(row => row.Made)]),
                    of.Text(row => row.CustomStatus), of.Text(row => row.Reason), of.NumberOrNull(row => row.EndedAt), of.Text(row => row.Output), of.Text(row => row.Failure),
                ]);
        }
        if (plan.History.Count > 0)
        {
            var of = new Columns<(string Id, string Execution, int Turn, string Events)>(plan.History);
            Add(
                Statements.NewHistory, of.IsSingle,
                of.Text(row => row.Id), of.Text(row => row.Execution), of.Small(row => row.Turn), of.Text(row => row.Events));
        }
        var inbox = plan.Inbox;
        if (inbox.Count > 0)
        {
            var of = new Columns<NewMessage>(inbox);
            Add(
                Statements.NewMessages, of.IsSingle,
                of.Number(row => row.Message.Sequence), of.Text(row => row.Message.InstanceId), of.Text(row => row.Message.ExecutionId),
                of.Number(row => row.Message.VisibleAt.UtcTicks), of.SmallOrNull(row => (row.Message.Event as History.TimerFiredEvent)?.TimerId),
                of.SmallOrNull(row => row.News), of.Text(row => row.Stored));
        }
        if (plan.Payloads.Count > 0)
            Add(Statements.NewPayloads, Numbers(plan.Payloads, row => row.Id), Texts(plan.Payloads, row => row.Instance), Smalls(plan.Payloads, row => (int)row.Part), Bytes(plan.Payloads, row => row.Data));
        if (plan.Traceless.Count > 0)
            Add(Statements.TracelessEntities, Texts(plan.Traceless, id => id));
    }

    private static NpgsqlParameter[] Made(IReadOnlyList<NewInstance> made)
    {
        var of = new Columns<NewInstance>(made);
        return
        [
            of.Text(row => row.Id), of.Text(row => row.Execution), of.Text(row => row.Name), of.Text(row => row.Version), of.Small(row => row.Status),
            of.SmallOrNull(row => row.Owner), of.Text(row => row.Parent), of.Number(row => row.CreatedAt), of.Text(row => row.Input), of.Text(row => row.Tags),
        ];
    }

    private void InsertWork()
    {
        ScheduleMine([.. plan.Activities.Where(row => IsPlain(row.Activity))]);
        var activities = plan.Activities.FindAll(row => !IsPlain(row.Activity));
        if (activities.Count > 0)
        {
            var of = new Columns<(ScheduledActivity Activity, string? Input)>(activities);
            Add(
                Statements.NewActivities, of.IsSingle,
                of.Text(row => row.Activity.Key.InstanceId), of.Text(row => row.Activity.Key.ExecutionId), of.Small(row => row.Activity.Key.TaskId),
                of.Small(row => row.Activity.Claimed ? 1 : 0), of.SmallOrNull(row => row.Activity.Claimed ? node : null), of.Text(row => row.Activity.Name),
                of.Text(row => row.Activity.Version), of.Text(row => row.Input), of.Text(row => HistoryJson.Write(row.Activity.Tags)));
        }
        if (plan.ClaimedActivities.Count > 0)
            ForActivities(Statements.ClaimedActivities, plan.ClaimedActivities, Small(node));
        if (plan.CancelledActivities.Count > 0)
            ForActivities(Statements.CancelledActivities, plan.CancelledActivities);
        var progress = plan.Progress;
        if (progress.Count > 0)
        {
            Add(
                Statements.NewProgress,
                Texts(progress, row => row.Key.InstanceId), Texts(progress, row => row.Key.ExecutionId), Smalls(progress, row => row.Key.TaskId),
                Smalls(progress, row => row.Attempt), Texts(progress, row => row.Progress));
        }
        foreach (var (name, revision, content) in plan.Documents)
        {
            Add(
                revision == 1 ? Statements.NewDocument : Statements.ChangedDocument,
                Text(name), Parameters.Number(revision), Text(content));
        }
    }

    private static bool IsPlain(ScheduledActivity activity) => activity is { Claimed: true, Version: null, Tags: null or { Count: 0 } };

    private void ScheduleMine(List<(ScheduledActivity Activity, string? Input)> activities)
    {
        if (activities.Count == 0)
            return;
        var of = new Columns<(ScheduledActivity Activity, string? Input)>(activities);
        Add(
            Statements.NewPlainActivities, of.IsSingle, of.Text(row => row.Activity.Key.InstanceId), of.Text(row => row.Activity.Key.ExecutionId), of.Small(row => row.Activity.Key.TaskId),
            of.Text(row => row.Activity.Name), of.Text(row => row.Input), Small(node));
    }

    private void ForActivities(Statement statement, List<ActivityKey> keys, params ReadOnlySpan<NpgsqlParameter> more) => Add(
        statement, [Texts(keys, key => key.InstanceId), Texts(keys, key => key.ExecutionId), Smalls(keys, key => key.TaskId), .. more]);

    private void Add(Statement statement, params NpgsqlParameter[] parameters) => _parts.Add((statement, false, parameters));

    private void Add(Statement statement, bool single, params NpgsqlParameter[] parameters) => _parts.Add((statement, single, parameters));

    private static NpgsqlBatchCommand Command(string text, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(text);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }
}
