using Npgsql;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using static SnapshotWorkflows.Durable.TaskHubs.Postgres.Parameters;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// A plan as statements: one for each kind of row, whatever the number of rows. A statement whose condition must hold for all its rows divides by zero where it
/// does not, and takes the whole transaction with it.
/// </summary>
internal sealed class PlanWriter(NpgsqlBatch batch, Plan plan, int node)
{
    /// <summary>SQLSTATE of a condition that did not hold.</summary>
    public const string ConditionFailed = PostgresErrorCodes.DivisionByZero;

    /// <summary>First in every commit: the node lives, and this commit is none that was given up.</summary>
    public static NpgsqlBatchCommand Number(int node, long commit) => Command(
        "WITH changed AS (UPDATE nodes SET commits = $2 WHERE id = $1 AND left_at IS NULL AND commits < $2 RETURNING 1) SELECT 1 / (SELECT count(*) FROM changed)",
        Small(node), Parameters.Number(commit));

    public void Write(string channel)
    {
        Remove();
        Instances();
        Drop();
        Insert();
        InsertWork();
        if (plan.Told.Count > 0)
            Add("SELECT pg_notify($1, $2)", Text(channel), Text(plan.Told.Contains(0) ? "0" : string.Join(',', plan.Told)));
    }

    private void Remove()
    {
        if (plan.OldPayloads.Count > 0)
        {
            Add("DELETE FROM payloads p USING unnest($1, $2) AS o(id, part) WHERE p.instance_id = o.id AND p.part = o.part",
                Texts(plan.OldPayloads, old => old.Instance), Smalls(plan.OldPayloads, old => (int)old.Part));
        }
        if (plan.Removed.Count > 0)
            Purge(batch, plan.Removed);
    }

    /// <summary>Everything of these instances.</summary>
    public static void Purge(NpgsqlBatch batch, IReadOnlyList<string> ids)
    {
        foreach (var table in (string[])["history", "inbox", "activities", "progress", "payloads", "instances"])
            batch.BatchCommands.Add(Command($"DELETE FROM {table} WHERE instance_id = ANY($1)", Texts(ids, id => id)));
    }

    private void Instances()
    {
        var turns = plan.Turns;
        if (turns.Count > 0)
        {
            Add(
                """
                WITH changed AS (
                    UPDATE instances i SET revision = i.revision + 1, status = t.status, open_turn = t.open_turn, updated_at = t.at, ended_at = t.ended_at,
                        output = t.output, failure = t.failure, custom_status = t.custom_status, reason = t.reason, owner = t.owner,
                        execution_id = coalesce(t.next, i.execution_id), version = CASE WHEN t.next IS NULL THEN i.version ELSE t.version END,
                        input = CASE WHEN t.next IS NULL THEN i.input ELSE t.input END
                    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
                        AS t(id, execution, revision, status, open_turn, at, ended_at, output, failure, custom_status, reason, owner, next, version, input, reopens)
                    WHERE i.instance_id = t.id AND i.execution_id = t.execution AND i.revision = t.revision AND (i.owner = $17 OR t.reopens)
                    RETURNING 1)
                SELECT 1 / ((SELECT count(*) FROM changed) = $18)::integer
                """,
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
            Add(
                """
                WITH found AS MATERIALIZED (
                    SELECT 1 FROM instances i JOIN unnest($1, $2) AS e(id, execution) ON i.instance_id = e.id
                    WHERE i.owner = $3 AND i.ended_at IS NULL AND (e.execution IS NULL OR e.execution = i.execution_id) FOR UPDATE OF i)
                SELECT 1 / ((SELECT count(*) FROM found) = $4)::integer
                """,
                Texts(expected, one => one.Id), Texts(expected, one => one.Execution), Small(node), Parameters.Number(expected.Length));
        }
        Entities();
        if (plan.Notes.Count > 0)
        {
            Add("UPDATE instances i SET reason = n.reason FROM unnest($1, $2) AS n(id, reason) WHERE i.instance_id = n.id",
                Texts(plan.Notes, note => note.Id), Texts(plan.Notes, note => note.Reason));
        }
    }

    private void Entities()
    {
        var entities = plan.Entities;
        if (entities.Count == 0)
            return;
        Add(
            """
            WITH changed AS (
                UPDATE instances i SET revision = i.revision + 1, updated_at = e.at, state = e.state, locked_by = e.locked_by, reason = NULL
                FROM unnest($1, $2, $3, $4, $5, $6) AS e(id, execution, revision, at, state, locked_by)
                WHERE i.instance_id = e.id AND i.execution_id = e.execution AND i.revision = e.revision AND i.owner = $7
                RETURNING 1)
            SELECT 1 / ((SELECT count(*) FROM changed) = $8)::integer
            """,
            Texts(entities, row => row.Entity.InstanceId), Texts(entities, row => row.Entity.ExecutionId), Numbers(entities, row => row.Entity.Revision),
            Numbers(entities, row => row.Entity.At.UtcTicks), Texts(entities, row => row.State), Texts(entities, row => row.Entity.LockedBy),
            Small(node), Parameters.Number(entities.Count));
    }

    private void Drop()
    {
        if (plan.Consumed.Count > 0)
            DropMessages("i.sequence = ANY($1)", Numbers(plan.Consumed, sequence => sequence));
        if (plan.EmptyInboxes.Count > 0)
            DropMessages("i.instance_id = ANY($1)", Texts(plan.EmptyInboxes, id => id));
        if (plan.OldMessages.Count > 0)
        {
            DropMessages("(i.instance_id, i.execution_id) IN (SELECT * FROM unnest($1, $2))", Texts(plan.OldMessages, old => old.Id), Texts(plan.OldMessages, old => old.Execution));
        }
        if (plan.CancelledTimers.Count > 0)
        {
            Add("DELETE FROM inbox i USING unnest($1, $2, $3) AS c(id, execution, timer) WHERE i.instance_id = c.id AND i.execution_id = c.execution AND i.timer_id = c.timer",
                Texts(plan.CancelledTimers, timer => timer.Id), Texts(plan.CancelledTimers, timer => timer.Execution), Smalls(plan.CancelledTimers, timer => timer.Timer));
        }
        if (plan.OldHistories.Count > 0)
        {
            Add("WITH gone AS (DELETE FROM history WHERE instance_id = ANY($1)) DELETE FROM payloads WHERE instance_id = ANY($1) AND part = $2",
                Texts(plan.OldHistories, id => id), Small((int)PayloadPart.History));
        }
        if (plan.EndedActivities.Count > 0)
        {
            Add(
                """
                WITH gone AS (
                    DELETE FROM activities a USING unnest($1, $2, $3, $4) AS e(id, execution, task, attempt)
                    WHERE a.instance_id = e.id AND a.execution_id = e.execution AND a.task_id = e.task AND a.attempt = e.attempt RETURNING a.input),
                unpacked AS (DELETE FROM payloads p USING gone WHERE p.id = payload_of(gone.input))
                SELECT 1 / ((SELECT count(*) FROM gone) = $5)::integer
                """,
                Texts(plan.EndedActivities, ended => ended.Key.InstanceId), Texts(plan.EndedActivities, ended => ended.Key.ExecutionId),
                Smalls(plan.EndedActivities, ended => ended.Key.TaskId), Smalls(plan.EndedActivities, ended => ended.Attempt), Parameters.Number(plan.EndedActivities.Count));
        }
        if (plan.Idle.Count > 0)
        {
            Add("WITH gone AS (DELETE FROM activities WHERE instance_id = ANY($1) RETURNING input) DELETE FROM payloads p USING gone WHERE p.id = payload_of(gone.input)",
                Texts(plan.Idle, id => id));
        }
    }

    private void DropMessages(string which, params ReadOnlySpan<NpgsqlParameter> parameters) => Add(
        $"WITH gone AS (DELETE FROM inbox i WHERE {which} RETURNING i.event) DELETE FROM payloads p USING gone WHERE p.id = payload_of(gone.event)", parameters);

    private void Insert()
    {
        var made = plan.Instances;
        if (made.Count > 0)
        {
            Add(
                """
                INSERT INTO instances (instance_id, execution_id, name, version, status, revision, open_turn, owner, parent_id, created_at, updated_at, input, tags)
                SELECT id, execution, name, version, status, 0, false, owner, parent, created, created, input, tags
                FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS m(id, execution, name, version, status, owner, parent, created, input, tags)
                """,
                Texts(made, row => row.Id), Texts(made, row => row.Execution), Texts(made, row => row.Name), Texts(made, row => row.Version), Smalls(made, row => row.Status),
                SmallsOrNull(made, row => row.Owner), Texts(made, row => row.Parent), Numbers(made, row => row.CreatedAt), Texts(made, row => row.Input), Texts(made, row => row.Tags));
        }
        if (plan.History.Count > 0)
        {
            Add("INSERT INTO history (instance_id, execution_id, turn, events) SELECT * FROM unnest($1, $2, $3, $4)",
                Texts(plan.History, row => row.Id), Texts(plan.History, row => row.Execution), Smalls(plan.History, row => row.Turn), Texts(plan.History, row => row.Events));
        }
        var inbox = plan.Inbox;
        if (inbox.Count > 0)
        {
            Add("INSERT INTO inbox (sequence, instance_id, execution_id, visible_at, timer_id, news, event) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)",
                Numbers(inbox, row => row.Message.Sequence), Texts(inbox, row => row.Message.InstanceId), Texts(inbox, row => row.Message.ExecutionId),
                Numbers(inbox, row => row.Message.VisibleAt.UtcTicks), SmallsOrNull(inbox, row => (row.Message.Event as History.TimerFiredEvent)?.TimerId),
                SmallsOrNull(inbox, row => row.News), Texts(inbox, row => row.Stored));
        }
        if (plan.Payloads.Count > 0)
        {
            Add("INSERT INTO payloads (id, instance_id, part, data) SELECT * FROM unnest($1, $2, $3, $4)",
                Numbers(plan.Payloads, row => row.Id), Texts(plan.Payloads, row => row.Instance), Smalls(plan.Payloads, row => (int)row.Part), Bytes(plan.Payloads, row => row.Data));
        }
        if (plan.Traceless.Count > 0)
            Add("DELETE FROM instances i WHERE i.instance_id = ANY($1) AND NOT EXISTS (SELECT 1 FROM inbox x WHERE x.instance_id = i.instance_id) RETURNING i.instance_id", Texts(plan.Traceless, id => id));
    }

    private void InsertWork()
    {
        var activities = plan.Activities;
        if (activities.Count > 0)
        {
            Add(
                """
                INSERT INTO activities (instance_id, execution_id, task_id, attempt, cancel_requested, owner, name, version, input, tags)
                SELECT id, execution, task, attempt, false, owner, name, version, input, tags FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS a(id, execution, task, attempt, owner, name, version, input, tags)
                """,
                Texts(activities, row => row.Activity.Key.InstanceId), Texts(activities, row => row.Activity.Key.ExecutionId), Smalls(activities, row => row.Activity.Key.TaskId),
                Smalls(activities, row => row.Activity.Claimed ? 1 : 0), SmallsOrNull(activities, row => row.Activity.Claimed ? node : null), Texts(activities, row => row.Activity.Name),
                Texts(activities, row => row.Activity.Version), Texts(activities, row => row.Input), Texts(activities, row => HistoryJson.Write(row.Activity.Tags)));
        }
        if (plan.ClaimedActivities.Count > 0)
            ForActivities("UPDATE activities a SET attempt = attempt + 1, owner = $4", plan.ClaimedActivities, Small(node));
        if (plan.CancelledActivities.Count > 0)
            ForActivities("UPDATE activities a SET cancel_requested = true", plan.CancelledActivities);
        var progress = plan.Progress;
        if (progress.Count > 0)
        {
            Add(
                """
                INSERT INTO progress (instance_id, execution_id, task_id, attempt, data) SELECT * FROM unnest($1, $2, $3, $4, $5)
                ON CONFLICT (instance_id) DO UPDATE SET execution_id = excluded.execution_id, task_id = excluded.task_id, attempt = excluded.attempt, data = excluded.data
                """,
                Texts(progress, row => row.Key.InstanceId), Texts(progress, row => row.Key.ExecutionId), Smalls(progress, row => row.Key.TaskId),
                Smalls(progress, row => row.Attempt), Texts(progress, row => row.Progress));
        }
        foreach (var (name, revision, content) in plan.Documents)
        {
            Add(
                revision == 1 ? "INSERT INTO documents (name, revision, content) VALUES ($1, $2, $3)" : "UPDATE documents SET revision = $2, content = $3 WHERE name = $1",
                Text(name), Parameters.Number(revision), Text(content));
        }
    }

    private void ForActivities(string change, List<ActivityKey> keys, params ReadOnlySpan<NpgsqlParameter> more)
    {
        var command = Command(
            $"{change} FROM unnest($1, $2, $3) AS k(id, execution, task) WHERE a.instance_id = k.id AND a.execution_id = k.execution AND a.task_id = k.task",
            Texts(keys, key => key.InstanceId), Texts(keys, key => key.ExecutionId), Smalls(keys, key => key.TaskId));
        foreach (var parameter in more)
            command.Parameters.Add(parameter);
        batch.BatchCommands.Add(command);
    }

    private void Add(string sql, params ReadOnlySpan<NpgsqlParameter> parameters) => batch.BatchCommands.Add(Command(sql, parameters));

    private static NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }
}
