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

    private readonly List<(Statement Statement, NpgsqlParameter[] Parameters)> _parts = [];

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
        Instances();
        Drop();
        Insert();
        InsertWork();
        if (plan.Told.Count > 0)
            Add(Statements.Notify, Text(channel), Text(plan.Told.Contains(0) ? "0" : string.Join(',', plan.Told)));
        if (Statement.Merge([.. _parts.Select(part => (part.Statement, part.Parameters.Length))]) is { } merged)
        {
            batch.BatchCommands.Add(Command(merged, [.. _parts.SelectMany(part => part.Parameters)]));
            return;
        }
        foreach (var (statement, parameters) in _parts)
            batch.BatchCommands.Add(Command(statement.Text, parameters));
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
            batch.BatchCommands.Add(Command(statement.Text, Texts(ids, id => id)));
    }

    private void Instances()
    {
        var turns = plan.Turns;
        if (turns.Count > 0)
        {
            Add(
                Statements.Turns,
                Texts(turns, row => row.Turn.InstanceId), Texts(turns, row => row.Turn.ExecutionId), Numbers(turns, row => row.Turn.Revision),
                Smalls(turns, row => (int)row.Turn.Status), Flags(turns, row => row.Turn.OpenTurn), Numbers(turns, row => row.Turn.At.UtcTicks),
                NumbersOrNull(turns, row => Statuses.IsLive(row.Turn.Status) ? null : row.Turn.At.UtcTicks), Texts(turns, row => row.Output), Texts(turns, row => row.Failure),
                Texts(turns, row => row.Turn.CustomStatus), Texts(turns, row => row.Turn.Reason), SmallsOrNull(turns, row => row.Owner),
                Texts(turns, row => row.Turn.Restart?.OrchestrationInstance.ExecutionId), Texts(turns, row => row.Turn.Restart?.Version), Texts(turns, row => row.Input),
                Flags(turns, row => row.Turn.Reopens), Small(node), Parameters.Number(turns.Count));
        }
        if (plan.Expected.Count > 0)
        {
            (string Id, string? Execution)[] expected = [.. plan.Expected];
            Add(Statements.Expected, Texts(expected, one => one.Id), Texts(expected, one => one.Execution), Small(node), Parameters.Number(expected.Length));
        }
        Entities();
        if (plan.Notes.Count > 0)
            Add(Statements.Notes, Texts(plan.Notes, note => note.Id), Texts(plan.Notes, note => note.Reason));
    }

    private void Entities()
    {
        var entities = plan.Entities;
        if (entities.Count == 0)
            return;
        Add(
            Statements.Entities,
            Texts(entities, row => row.Entity.InstanceId), Texts(entities, row => row.Entity.ExecutionId), Numbers(entities, row => row.Entity.Revision),
            Numbers(entities, row => row.Entity.At.UtcTicks), Texts(entities, row => row.State), Texts(entities, row => row.Entity.LockedBy),
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
            Add(
                Statements.EndedActivities,
                Texts(plan.EndedActivities, ended => ended.Key.InstanceId), Texts(plan.EndedActivities, ended => ended.Key.ExecutionId),
                Smalls(plan.EndedActivities, ended => ended.Key.TaskId), Smalls(plan.EndedActivities, ended => ended.Attempt), Parameters.Number(plan.EndedActivities.Count));
        }
        if (plan.Idle.Count > 0)
            ForActivities(Statements.IdleActivities, plan.EndedActivities.Where(ended => plan.Idle.Contains(ended.Key.InstanceId)).Select(ended => ended.Key).ToList(), Texts([.. plan.Idle], id => id));
    }

    private void Insert()
    {
        var made = plan.Instances;
        if (made.Count > 0)
        {
            Add(
                Statements.NewInstances,
                Texts(made, row => row.Id), Texts(made, row => row.Execution), Texts(made, row => row.Name), Texts(made, row => row.Version), Smalls(made, row => row.Status),
                SmallsOrNull(made, row => row.Owner), Texts(made, row => row.Parent), Numbers(made, row => row.CreatedAt), Texts(made, row => row.Input), Texts(made, row => row.Tags));
        }
        if (plan.History.Count > 0)
            Add(Statements.NewHistory, Texts(plan.History, row => row.Id), Texts(plan.History, row => row.Execution), Smalls(plan.History, row => row.Turn), Texts(plan.History, row => row.Events));
        var inbox = plan.Inbox;
        if (inbox.Count > 0)
        {
            Add(Statements.NewMessages, Numbers(inbox, row => row.Message.Sequence), Texts(inbox, row => row.Message.InstanceId), Texts(inbox, row => row.Message.ExecutionId),
                Numbers(inbox, row => row.Message.VisibleAt.UtcTicks), SmallsOrNull(inbox, row => (row.Message.Event as History.TimerFiredEvent)?.TimerId),
                SmallsOrNull(inbox, row => row.News), Texts(inbox, row => row.Stored));
        }
        if (plan.Payloads.Count > 0)
            Add(Statements.NewPayloads, Numbers(plan.Payloads, row => row.Id), Texts(plan.Payloads, row => row.Instance), Smalls(plan.Payloads, row => (int)row.Part), Bytes(plan.Payloads, row => row.Data));
        if (plan.Traceless.Count > 0)
            Add(Statements.TracelessEntities, Texts(plan.Traceless, id => id));
    }

    private void InsertWork()
    {
        var activities = plan.Activities;
        if (activities.Count > 0)
        {
            Add(
                Statements.NewActivities,
                Texts(activities, row => row.Activity.Key.InstanceId), Texts(activities, row => row.Activity.Key.ExecutionId), Smalls(activities, row => row.Activity.Key.TaskId),
                Smalls(activities, row => row.Activity.Claimed ? 1 : 0), SmallsOrNull(activities, row => row.Activity.Claimed ? node : null), Texts(activities, row => row.Activity.Name),
                Texts(activities, row => row.Activity.Version), Texts(activities, row => row.Input), Texts(activities, row => HistoryJson.Write(row.Activity.Tags)));
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

    private void ForActivities(Statement statement, List<ActivityKey> keys, params ReadOnlySpan<NpgsqlParameter> more) => Add(
        statement, [Texts(keys, key => key.InstanceId), Texts(keys, key => key.ExecutionId), Smalls(keys, key => key.TaskId), .. more]);

    private void Add(Statement statement, params NpgsqlParameter[] parameters) => _parts.Add((statement, parameters));

    private static NpgsqlBatchCommand Command(string text, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(text);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }
}
