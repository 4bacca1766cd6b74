namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>What commits write, one statement for each kind of row; the parameters are columns in the order of <see cref="Rows"/>, then what is said once.</summary>
internal static class Statements
{
    /// <summary>First in every commit: the node lives, and this commit is none that was given up.</summary>
    public static readonly Statement Number = Statement.Mergeable("(SELECT count(*) FROM numbered) = 1", _ =>
    [
        ("numbered", "UPDATE nodes SET commits = $2 WHERE id = $1 AND left_at IS NULL AND commits < $2 RETURNING 1"),
    ]);

    public static readonly Statement Notify = Statement.Alone("SELECT pg_notify($1, $2)");

    /// <summary>Of a schema that has the function (TurnFunctions.SinceVersion).</summary>
    public static readonly Statement Following = Statement.Mergeable("(SELECT count(*) FROM following) = 1", _ =>
    [
        ("following", "SELECT next_turns($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"),
    ]);

    /// <summary>Turns after which the instance goes on here as it is, which are most; $9 is the node, $10 the number of rows.</summary>
    public static readonly Statement Continued = Statement.Mergeable("(SELECT count(*) FROM continued) = $10", rows =>
    [
        ("continued", $"""
        UPDATE instances i SET revision = i.revision + 1, status = c.status, open_turn = c.open_turn, updated_at = c.at, custom_status = c.custom_status, reason = c.reason
        FROM {rows.Of("c", "id", "execution", "revision", "status", "open_turn", "at", "custom_status", "reason")}
        WHERE i.instance_id = c.id AND i.execution_id = c.execution AND i.revision = c.revision AND i.owner = $9
        RETURNING 1
        """),
    ]);

    /// <summary>As above, of turns that say nothing of themselves; $5 is the node, $6 the number of rows, $7 the status. Each array less is a twentieth of what a large commit costs here and there.</summary>
    public static readonly Statement ContinuedPlainly = Statement.Mergeable("(SELECT count(*) FROM plainly) = $6", rows =>
    [
        ("plainly", $"""
        UPDATE instances i SET revision = i.revision + 1, status = $7, open_turn = false, updated_at = c.at, custom_status = NULL, reason = NULL
        FROM {rows.Of("c", "id", "execution", "revision", "at")}
        WHERE i.instance_id = c.id AND i.execution_id = c.execution AND i.revision = c.revision AND i.owner = $5
        RETURNING 1
        """),
    ]);

    /// <summary>All other turns; $17 is the node, $18 the number of rows.</summary>
    public static readonly Statement Turns = Statement.Mergeable("(SELECT count(*) FROM changed) = $18", rows =>
    [
        ("changed", $"""
        UPDATE instances i SET revision = i.revision + 1, status = t.status, open_turn = t.open_turn, updated_at = t.at, ended_at = t.ended_at,
            output = t.output, failure = t.failure, custom_status = t.custom_status, reason = t.reason, owner = t.owner,
            execution_id = coalesce(t.next, i.execution_id), version = CASE WHEN t.next IS NULL THEN i.version ELSE t.version END,
            input = CASE WHEN t.next IS NULL THEN i.input ELSE t.input END
        FROM {rows.Of("t", "id", "execution", "revision", "status", "open_turn", "at", "ended_at", "output", "failure", "custom_status", "reason", "owner", "next", "version", "input", "reopens")}
        WHERE i.instance_id = t.id AND i.execution_id = t.execution AND i.revision = t.revision AND (i.owner = $17 OR t.reopens)
        RETURNING 1
        """),
    ]);

    /// <summary>$3 is the node, $4 the number of rows.</summary>
    public static readonly Statement Expected = Statement.Alone(
        $"""
        WITH found AS MATERIALIZED (
            SELECT 1 FROM instances i JOIN {Rows.Many.Of("e", "id", "execution")} ON i.instance_id = e.id
            WHERE i.owner = $3 AND i.ended_at IS NULL AND (e.execution IS NULL OR e.execution = i.execution_id) FOR UPDATE OF i)
        SELECT 1 / ((SELECT count(*) FROM found) = $4)::integer
        """);

    /// <summary>$7 is the node, $8 the number of rows.</summary>
    public static readonly Statement Entities = Statement.Mergeable("(SELECT count(*) FROM states) = $8", rows =>
    [
        ("states", $"""
        UPDATE instances i SET revision = i.revision + 1, updated_at = e.at, state = e.state, locked_by = e.locked_by, reason = NULL
        FROM {rows.Of("e", "id", "execution", "revision", "at", "state", "locked_by")}
        WHERE i.instance_id = e.id AND i.execution_id = e.execution AND i.revision = e.revision AND i.owner = $7
        RETURNING 1
        """),
    ]);

    public static readonly Statement Notes = Statement.Alone($"UPDATE instances i SET reason = n.reason FROM {Rows.Many.Of("n", "id", "reason")} WHERE i.instance_id = n.id");

    public static readonly Statement OldPayloads = Statement.Alone($"DELETE FROM payloads p USING {Rows.Many.Of("o", "id", "part")} WHERE p.instance_id = o.id AND p.part = o.part");

    public static readonly Statement OldHistories = Statement.Alone("WITH gone AS (DELETE FROM history WHERE instance_id = ANY($1)) DELETE FROM payloads WHERE instance_id = ANY($1) AND part = $2");

    public static readonly Statement ConsumedMessages = Statement.Mergeable(null, _ =>
    [
        ("consumed", "DELETE FROM inbox i WHERE i.sequence = ANY($1) RETURNING i.event"),
        ("consumed_payloads", "DELETE FROM payloads p USING consumed WHERE p.id = payload_of(consumed.event)"),
    ]);

    /// <summary>What is also consumed goes once.</summary>
    public static readonly Statement EmptyInboxes = Statement.Mergeable(null, _ =>
    [
        ("emptied", "DELETE FROM inbox i WHERE i.instance_id = ANY($1) RETURNING i.event"),
        ("emptied_payloads", "DELETE FROM payloads p USING emptied WHERE p.id = payload_of(emptied.event)"),
    ]);

    public static readonly Statement OldMessages = Statement.Alone(Messages($"(i.instance_id, i.execution_id) IN (SELECT * FROM {Rows.Many.Of("o", "id", "execution")})"));

    public static readonly Statement CancelledTimers = Statement.Alone(
        $"DELETE FROM inbox i USING {Rows.Many.Of("c", "id", "execution", "timer")} WHERE i.instance_id = c.id AND i.execution_id = c.execution AND i.timer_id = c.timer");

    /// <summary>$5 is the number of rows.</summary>
    public static readonly Statement EndedActivities = Statement.Mergeable("(SELECT count(*) FROM ended) = $5", rows =>
    [
        ("ended", $"""
        DELETE FROM activities a USING {rows.Of("e", "id", "execution", "task", "attempt")}
        WHERE a.instance_id = e.id AND a.execution_id = e.execution AND a.task_id = e.task AND a.attempt = e.attempt RETURNING a.input
        """),
        ("ended_payloads", "DELETE FROM payloads p USING ended WHERE p.id = payload_of(ended.input)"),
    ]);

    /// <summary>Every call of some instances but those that have ended in this commit: their own statement counts them.</summary>
    public static readonly Statement IdleActivities = Statement.Mergeable(null, rows =>
    [
        ("idle", $"""
        DELETE FROM activities a WHERE a.instance_id = ANY($4) AND NOT EXISTS (
            SELECT 1 FROM {rows.Of("e", "id", "execution", "task")} WHERE a.instance_id = e.id AND a.execution_id = e.execution AND a.task_id = e.task) RETURNING a.input
        """),
        ("idle_payloads", "DELETE FROM payloads p USING idle WHERE p.id = payload_of(idle.input)"),
    ]);

    public static readonly Statement NewInstances = Statement.Mergeable(null, rows =>
    [
        ("made", $"""
        INSERT INTO instances (instance_id, execution_id, name, version, status, revision, open_turn, owner, parent_id, created_at, updated_at, input, tags)
        SELECT id, execution, name, version, status, 0, false, owner, parent, created, created, input, tags
        FROM {rows.Of("m", "id", "execution", "name", "version", "status", "owner", "parent", "created", "input", "tags")}
        """),
    ]);

    public static readonly Statement BegunInstances = Statement.Mergeable(null, rows =>
    [
        ("begun", $"""
        INSERT INTO instances (instance_id, execution_id, name, version, status, revision, open_turn, owner, parent_id, created_at, updated_at, input, tags,
            custom_status, reason, ended_at, output, failure)
        SELECT id, execution, name, version, status, 1, false, owner, parent, created, created, input, tags, custom_status, reason, ended_at, output, failure
        FROM {rows.Of("b", "id", "execution", "name", "version", "status", "owner", "parent", "created", "input", "tags", "custom_status", "reason", "ended_at", "output", "failure")}
        """),
    ]);

    public static readonly Statement NewHistory = Statement.Mergeable(null, rows =>
    [
        ("told", $"INSERT INTO history (instance_id, execution_id, turn, events) SELECT * FROM {rows.Of("h", "id", "execution", "turn", "events")}"),
    ]);

    public static readonly Statement NewMessages = Statement.Mergeable(null, rows =>
    [
        ("sent", $"""
        INSERT INTO inbox (sequence, instance_id, execution_id, visible_at, timer_id, news, event)
        SELECT * FROM {rows.Of("m", "sequence", "id", "execution", "visible_at", "timer", "news", "event")}
        """),
    ]);

    public static readonly Statement NewPayloads = Statement.Alone($"INSERT INTO payloads (id, instance_id, part, data) SELECT * FROM {Rows.Many.Of("p", "id", "instance", "part", "data")}");

    public static readonly Statement NewActivities = Statement.Mergeable(null, rows =>
    [
        ("scheduled", $"""
        INSERT INTO activities (instance_id, execution_id, task_id, attempt, cancel_requested, owner, name, version, input, tags)
        SELECT id, execution, task, attempt, false, owner, name, version, input, tags
        FROM {rows.Of("a", "id", "execution", "task", "attempt", "owner", "name", "version", "input", "tags")}
        """),
    ]);

    /// <summary>Of this node, without version and tags; $6 is the node.</summary>
    public static readonly Statement NewPlainActivities = Statement.Mergeable(null, rows =>
    [
        ("plain", $"""
        INSERT INTO activities (instance_id, execution_id, task_id, attempt, cancel_requested, owner, name, version, input, tags)
        SELECT id, execution, task, 1, false, $6, name, NULL, input, NULL
        FROM {rows.Of("p", "id", "execution", "task", "name", "input")}
        """),
    ]);

    public static readonly Statement TracelessEntities = Statement.Alone(
        "DELETE FROM instances i WHERE i.instance_id = ANY($1) AND NOT EXISTS (SELECT 1 FROM inbox x WHERE x.instance_id = i.instance_id) RETURNING i.instance_id");

    /// <summary>$4 is the node.</summary>
    public static readonly Statement ClaimedActivities = Statement.Alone(OfActivities("attempt = attempt + 1, owner = $4"));

    public static readonly Statement CancelledActivities = Statement.Alone(OfActivities("cancel_requested = true"));

    public static readonly Statement NewProgress = Statement.Alone($"""
        INSERT INTO progress (instance_id, execution_id, task_id, attempt, data) SELECT * FROM {Rows.Many.Of("p", "id", "execution", "task", "attempt", "data")}
        ON CONFLICT (instance_id) DO UPDATE SET execution_id = excluded.execution_id, task_id = excluded.task_id, attempt = excluded.attempt, data = excluded.data
        """);

    public static readonly Statement NewDocument = Statement.Alone("INSERT INTO documents (name, revision, content) VALUES ($1, $2, $3)");

    public static readonly Statement ChangedDocument = Statement.Alone("UPDATE documents SET revision = $2, content = $3 WHERE name = $1");

    /// <summary>Everything of ended instances.</summary>
    public static readonly IReadOnlyList<Statement> Purge =
        [.. ((string[])["history", "inbox", "activities", "progress", "payloads", "instances"]).Select(table => Statement.Alone($"DELETE FROM {table} WHERE instance_id = ANY($1)"))];

    private static string Messages(string which) =>
        $"WITH gone AS (DELETE FROM inbox i WHERE {which} RETURNING i.event) DELETE FROM payloads p USING gone WHERE p.id = payload_of(gone.event)";

    private static string OfActivities(string change) =>
        $"UPDATE activities a SET {change} FROM {Rows.Many.Of("k", "id", "execution", "task")} WHERE a.instance_id = k.id AND a.execution_id = k.execution AND a.task_id = k.task";
}
