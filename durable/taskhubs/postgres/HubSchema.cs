using Npgsql;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// The tables, and the way from each schema version to the next. Every step only adds, so that programs of the version before go on beside newer ones; a step that
/// cannot raises <c>oldest_reader</c>, and older programs are refused from then on.
/// </summary>
internal static class HubSchema
{
    /// <summary>
    /// Times are UTC ticks of the nodes; leases are the server's time. Events, tags and failures are JSON of HistoryJson; text that begins with @payload: refers to
    /// a row of payloads. An instance is live while ended_at is null; no index holds a column that every turn changes, so that turns are heap-only updates.
    /// </summary>
    private const string Version1 = """
        CREATE SEQUENCE node_ids AS integer;
        CREATE SEQUENCE numbers INCREMENT 10000;
        CREATE TABLE nodes (
            id integer PRIMARY KEY, joined_at timestamptz NOT NULL, lease_until timestamptz NOT NULL, left_at timestamptz, commits bigint NOT NULL) WITH (fillfactor = 20);
        CREATE TABLE instances (
            instance_id text COLLATE "C" PRIMARY KEY, execution_id text COLLATE "C" NOT NULL, name text NOT NULL, version text, status integer NOT NULL,
            revision bigint NOT NULL, open_turn boolean NOT NULL, owner integer, parent_id text COLLATE "C", created_at bigint NOT NULL, updated_at bigint NOT NULL,
            ended_at bigint, input text, output text, custom_status text, failure text, tags text, state text, locked_by text, reason text) WITH (fillfactor = 60);
        CREATE INDEX instances_by_creation ON instances (created_at, instance_id);
        CREATE INDEX instances_by_parent ON instances (parent_id) WHERE parent_id IS NOT NULL;
        CREATE INDEX instances_by_end ON instances (ended_at, instance_id) WHERE ended_at IS NOT NULL;
        CREATE INDEX instances_by_owner ON instances (owner) WHERE ended_at IS NULL;
        CREATE TABLE history (
            instance_id text COLLATE "C" NOT NULL, execution_id text COLLATE "C" NOT NULL, turn integer NOT NULL, events text NOT NULL,
            PRIMARY KEY (instance_id, execution_id, turn));
        CREATE TABLE inbox (
            sequence bigint PRIMARY KEY, instance_id text COLLATE "C" NOT NULL, execution_id text COLLATE "C", visible_at bigint NOT NULL,
            timer_id integer, news integer, event text NOT NULL);
        CREATE INDEX inbox_by_instance ON inbox (instance_id);
        CREATE INDEX inbox_by_news ON inbox (news) WHERE news IS NOT NULL;
        CREATE TABLE activities (
            instance_id text COLLATE "C" NOT NULL, execution_id text COLLATE "C" NOT NULL, task_id integer NOT NULL, attempt integer NOT NULL,
            cancel_requested boolean NOT NULL, owner integer, name text NOT NULL, version text, input text, tags text,
            PRIMARY KEY (instance_id, execution_id, task_id));
        CREATE INDEX activities_by_owner ON activities (owner);
        CREATE TABLE progress (
            instance_id text COLLATE "C" PRIMARY KEY, execution_id text NOT NULL, task_id integer NOT NULL, attempt integer NOT NULL, data text NOT NULL);
        CREATE TABLE payloads (id bigint PRIMARY KEY, instance_id text COLLATE "C" NOT NULL, part integer NOT NULL, data bytea NOT NULL);
        CREATE INDEX payloads_by_instance ON payloads (instance_id);
        CREATE TABLE documents (name text COLLATE "C" PRIMARY KEY, revision bigint NOT NULL, content text NOT NULL);
        CREATE FUNCTION payload_of(stored text) RETURNS bigint LANGUAGE sql IMMUTABLE AS
            $$ SELECT CASE WHEN stored LIKE '@payload:%' THEN substr(stored, 10)::bigint END $$;
        """;

    /// <summary>For people: which machine and process a node is.</summary>
    private const string Version2 = "ALTER TABLE nodes ADD COLUMN told text;";

    /// <summary>Deaths of owners, counted at one revision of an instance.</summary>
    private const string Version3 = "CREATE TABLE deaths (instance_id text COLLATE \"C\" PRIMARY KEY, revision bigint NOT NULL, count integer NOT NULL);";

    /// <summary>
    /// A turn that takes the end of one call and makes the next of programs of this version: node, commit; instance, execution, revision; status, open turn, time, custom status, reason; task and attempt that
    /// ended; row of history and its events; the new call. What does not hold takes the whole transaction with it, as in the statements of PlanWriter.
    /// </summary>
    private const string Version4 = """
        CREATE FUNCTION next_call(
            integer, bigint, text, text, bigint, integer, boolean, bigint, text, text, integer, integer, integer, text, integer, text, text, text, text) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            payload bigint;
        BEGIN
            UPDATE nodes SET commits = $2 WHERE id = $1 AND left_at IS NULL AND commits < $2;
            IF NOT FOUND THEN RAISE division_by_zero; END IF;
            UPDATE instances SET revision = revision + 1, status = $6, open_turn = $7, updated_at = $8, custom_status = $9, reason = $10
            WHERE instance_id = $3 AND execution_id = $4 AND revision = $5 AND owner = $1;
            IF NOT FOUND THEN RAISE division_by_zero; END IF;
            DELETE FROM activities WHERE instance_id = $3 AND execution_id = $4 AND task_id = $11 AND attempt = $12 RETURNING payload_of(input) INTO payload;
            IF NOT FOUND THEN RAISE division_by_zero; END IF;
            IF payload IS NOT NULL THEN DELETE FROM payloads WHERE id = payload; END IF;
            INSERT INTO history (instance_id, execution_id, turn, events) VALUES ($3, $4, $13, $14);
            INSERT INTO activities (instance_id, execution_id, task_id, attempt, cancel_requested, owner, name, version, input, tags) VALUES ($3, $4, $15, 1, false, $1, $16, $17, $18, $19);
        END $$;
        """;

    /// <summary>
    /// The turns that most turns are (TurnFunction). next_turn and last_turn: node; instance, execution, revision; status, (open turn,) time, (output,) custom status, reason; task and attempt that
    /// ended; row of history and its events; the new call. They write no number to the node's row, as next_call does: the row of history tells whether they were made. first_turn: node, commit;
    /// instance, execution, name, version, status, parent, time, input, tags, custom status, reason; row of history and its events; the call.
    /// </summary>
    private const string Version5 = """
        CREATE FUNCTION next_turn(
            integer, text, text, bigint, integer, boolean, bigint, text, text, integer, integer, integer, text, integer, text, text, text, text) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            payload bigint;
        BEGIN
            UPDATE instances SET revision = revision + 1, status = $5, open_turn = $6, updated_at = $7, custom_status = $8, reason = $9
            WHERE instance_id = $2 AND execution_id = $3 AND revision = $4 AND owner = $1;
            IF NOT FOUND THEN RAISE division_by_zero; END IF;
            DELETE FROM activities WHERE instance_id = $2 AND execution_id = $3 AND task_id = $10 AND attempt = $11 RETURNING payload_of(input) INTO payload;
            IF NOT FOUND THEN RAISE division_by_zero; END IF;
            IF payload IS NOT NULL THEN DELETE FROM payloads WHERE id = payload; END IF;
            INSERT INTO history (instance_id, execution_id, turn, events) VALUES ($2, $3, $12, $13);
            INSERT INTO activities (instance_id, execution_id, task_id, attempt, cancel_requested, owner, name, version, input, tags) VALUES ($2, $3, $14, 1, false, $1, $15, $16, $17, $18);
        END $$;
        CREATE FUNCTION next_turns(
            integer, text[], text[], bigint[], bigint[], integer[], integer[], integer[], text[], integer[], text[], text[]) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            done bigint;
        BEGIN
            UPDATE instances i SET revision = i.revision + 1, status = 0, open_turn = false, updated_at = c.at, custom_status = NULL, reason = NULL
            FROM (SELECT unnest($2) AS id, unnest($3) AS execution, unnest($4) AS revision, unnest($5) AS at) c
            WHERE i.instance_id = c.id AND i.execution_id = c.execution AND i.revision = c.revision AND i.owner = $1;
            GET DIAGNOSTICS done = ROW_COUNT;
            IF done <> cardinality($2) THEN RAISE division_by_zero; END IF;
            WITH ended AS (
                DELETE FROM activities a USING (SELECT unnest($2) AS id, unnest($3) AS execution, unnest($6) AS task, unnest($7) AS attempt) e
                WHERE a.instance_id = e.id AND a.execution_id = e.execution AND a.task_id = e.task AND a.attempt = e.attempt RETURNING a.input),
            payloads_gone AS (DELETE FROM payloads p USING ended WHERE p.id = payload_of(ended.input))
            SELECT count(*) INTO done FROM ended;
            IF done <> cardinality($2) THEN RAISE division_by_zero; END IF;
            INSERT INTO history (instance_id, execution_id, turn, events) SELECT unnest($2), unnest($3), unnest($8), unnest($9);
            INSERT INTO activities (instance_id, execution_id, task_id, attempt, cancel_requested, owner, name, input)
            SELECT unnest($2), unnest($3), unnest($10), 1, false, $1, unnest($11), unnest($12);
        END $$;
        CREATE FUNCTION last_turn(
            integer, text, text, bigint, integer, bigint, text, text, text, integer, integer, integer, text) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            payload bigint;
        BEGIN
            UPDATE instances SET revision = revision + 1, status = $5, open_turn = false, updated_at = $6, ended_at = $6, output = $7, custom_status = $8, reason = $9, owner = NULL
            WHERE instance_id = $2 AND execution_id = $3 AND revision = $4 AND owner = $1;
            IF NOT FOUND THEN RAISE division_by_zero; END IF;
            DELETE FROM activities WHERE instance_id = $2 AND execution_id = $3 AND task_id = $10 AND attempt = $11 RETURNING payload_of(input) INTO payload;
            IF NOT FOUND THEN RAISE division_by_zero; END IF;
            IF payload IS NOT NULL THEN DELETE FROM payloads WHERE id = payload; END IF;
            PERFORM 1 FROM activities WHERE instance_id = $2;
            IF FOUND THEN
                WITH gone AS (DELETE FROM activities WHERE instance_id = $2 RETURNING input) DELETE FROM payloads p USING gone WHERE p.id = payload_of(gone.input);
            END IF;
            PERFORM 1 FROM inbox WHERE instance_id = $2;
            IF FOUND THEN
                WITH gone AS (DELETE FROM inbox WHERE instance_id = $2 RETURNING event) DELETE FROM payloads p USING gone WHERE p.id = payload_of(gone.event);
            END IF;
            INSERT INTO history (instance_id, execution_id, turn, events) VALUES ($2, $3, $12, $13);
        END $$;
        CREATE FUNCTION first_turn(
            integer, bigint, text, text, text, text, integer, text, bigint, text, text, text, text, integer, text, integer, text, text, text, text) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE nodes SET commits = $2 WHERE id = $1 AND left_at IS NULL AND commits < $2;
            IF NOT FOUND THEN RAISE division_by_zero; END IF;
            INSERT INTO instances (instance_id, execution_id, name, version, status, revision, open_turn, owner, parent_id, created_at, updated_at, input, tags, custom_status, reason)
            VALUES ($3, $4, $5, $6, $7, 1, false, $1, $8, $9, $9, $10, $11, $12, $13);
            INSERT INTO history (instance_id, execution_id, turn, events) VALUES ($3, $4, $14, $15);
            INSERT INTO activities (instance_id, execution_id, task_id, attempt, cancel_requested, owner, name, version, input, tags) VALUES ($3, $4, $16, 1, false, $1, $17, $18, $19, $20);
        END $$;
        """;

    private static readonly string[] s_steps = [Version1, Version2, Version3, Version4, Version5];

    /// <summary>What this program writes.</summary>
    public static int Newest => s_steps.Length;

    /// <summary>Brings the schema up to <paramref name="wanted"/>, one program at a time.</summary>
    /// <exception cref="NotSupportedException">It was changed by a newer program in a way that this one does not know.</exception>
    public static async Task MigrateAsync(NpgsqlConnection connection, string schema, int wanted, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await ExecuteAsync(connection, "SELECT pg_advisory_xact_lock(hashtext('swf.migrate'), hashtext($1))", cancellation, schema);
        await ExecuteAsync(connection, $"CREATE SCHEMA IF NOT EXISTS \"{schema}\"", cancellation);
        await ExecuteAsync(
            connection,
            "CREATE TABLE IF NOT EXISTS hub (one boolean PRIMARY KEY CHECK (one), version integer NOT NULL, oldest_reader integer NOT NULL, history_format integer NOT NULL)",
            cancellation);
        await ExecuteAsync(connection, "INSERT INTO hub VALUES (true, 0, 1, 1) ON CONFLICT DO NOTHING", cancellation);
        int version, oldest, format;
        await using (var read = new NpgsqlCommand("SELECT version, oldest_reader, history_format FROM hub", connection))
        await using (var reader = await read.ExecuteReaderAsync(cancellation))
        {
            await reader.ReadAsync(cancellation);
            (version, oldest, format) = (reader.GetInt32(0), reader.GetInt32(1), reader.GetInt32(2));
        }
        if (oldest > wanted)
            throw new NotSupportedException($"The task hub {schema} has schema version {version}, which programs from version {oldest} on can use; this one knows versions up to {wanted}. Run the newer program.");
        if (format > HistoryJson.FormatVersion)
            throw new NotSupportedException($"The task hub {schema} has history format {format}; this program reads formats up to {HistoryJson.FormatVersion}. Run the newer program.");
        for (; version < wanted; version++)
        {
            await ExecuteAsync(connection, s_steps[version], cancellation);
            await ExecuteAsync(connection, $"UPDATE hub SET version = {version + 1}", cancellation);
        }
        await transaction.CommitAsync(cancellation);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation, string? value = null)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        if (value is not null)
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
