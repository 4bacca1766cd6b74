using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <param name="Lease">How long nodes have to come back after the server has begun again.</param>
/// <param name="IsBack">The node that looks has just come back itself.</param>
internal sealed record Reaping(TimeSpan Lease, bool IsBack, bool CountsDeaths);

/// <summary>What a node does with rows that nobody owns, or that another node has written for it.</summary>
internal static partial class NodeClaims
{
    /// <summary>The first of the two numbers of a node's advisory lock, as SQL.</summary>
    public static string LockSpace(string schema) => $"hashtext('swf.{schema}')";

    /// <summary>Nodes that are gone, as SQL: what they own is as good as nobody's. Rows of nodes stay until nothing belongs to them.</summary>
    public const string Gone = "(SELECT n.id FROM nodes n WHERE n.left_at IS NOT NULL)";

    /// <summary>Two nodes were at the same rows, and one of them has to begin again.</summary>
    public static bool IsCollision(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure };

    /// <summary>
    /// Nodes whose lock is free, or whose lease is over, are gone. Their rows keep their number: whoever takes one over writes it once, and a process that begins again after a crash need not
    /// first write all that its former life owned. A row that is locked is one's whose process stands still in the middle of a commit: it goes when the server has ended that
    /// (<see cref="HubConnections.OpenForCommitsAsync"/>), and nobody waits for it. A server that has begun again has let go of everybody's lock, and nobody could renew a lease while it was
    /// away: whoever comes back first, or starts then, leaves those who were there before the time of a lease to come back.
    /// </summary>
    public static async Task ReapAsync(NpgsqlConnection connection, string schema, int node, Reaping how, ILogger logger, CancellationToken cancellation)
    {
        var gone = new List<int>();
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using (var find = new NpgsqlCommand(
            $"""
            WITH dead AS MATERIALIZED (
                SELECT id FROM nodes WHERE id <> $1 AND left_at IS NULL AND NOT $2 AND NOT (joined_at < pg_postmaster_start_time() AND now() < pg_postmaster_start_time() + $3)
                    AND (lease_until < now() OR pg_try_advisory_xact_lock({LockSpace(schema)}, id)) FOR UPDATE SKIP LOCKED)
            UPDATE nodes n SET left_at = now() FROM dead WHERE n.id = dead.id RETURNING n.id
            """, connection, transaction))
        {
            find.Parameters.Add(Parameters.Small(node));
            find.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = how.IsBack });
            find.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = how.Lease });
            await using var reader = await find.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
                gone.Add(reader.GetInt32(0));
        }
        if (gone.Count > 0)
        {
            if (how.CountsDeaths)
                await Deaths.CountAsync(connection, transaction, gone, cancellation);
            await using var tell = new NpgsqlCommand("SELECT pg_notify($1, '0')", connection, transaction);
            tell.Parameters.Add(Parameters.Text(NodeSession.Channel(schema)));
            await tell.ExecuteNonQueryAsync(cancellation);
            foreach (var id in gone)
                NodeGone(logger, id);
        }
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>
    /// What nodes that are gone have left and this one does not take becomes nobody's, a piece at a time: programs of the version before look for just that. Nodes that own nothing any more
    /// are forgotten after a day.
    /// </summary>
    public static async Task FreeAsync(NpgsqlConnection connection, int most, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var sql in (string[])[
            $"""
            WITH left_over AS MATERIALIZED (SELECT instance_id FROM instances WHERE ended_at IS NULL AND owner = ANY(ARRAY{Gone}) LIMIT $1 FOR UPDATE SKIP LOCKED)
            UPDATE instances i SET owner = NULL FROM left_over o WHERE i.instance_id = o.instance_id
            """,
            $"""
            WITH left_over AS MATERIALIZED (SELECT instance_id, execution_id, task_id FROM activities WHERE owner = ANY(ARRAY{Gone}) LIMIT $1 FOR UPDATE SKIP LOCKED)
            UPDATE activities a SET owner = NULL FROM left_over o WHERE a.instance_id = o.instance_id AND a.execution_id = o.execution_id AND a.task_id = o.task_id
            """])
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql) { Parameters = { Parameters.Small(most) } });
        }
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            DELETE FROM nodes n WHERE n.left_at < now() - interval '1 day'
                AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.owner = n.id AND i.ended_at IS NULL) AND NOT EXISTS (SELECT 1 FROM activities a WHERE a.owner = n.id)
            """));
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Takes live instances that nobody owns, or a node that is gone, and this node can run.</summary>
    public static async Task<List<string>> ClaimAsync(NpgsqlConnection connection, int node, INodeTasks tasks, int most, CancellationToken cancellation)
    {
        var names = new List<(string Name, string? Version)>();
        await using (var kinds = new NpgsqlCommand($"SELECT DISTINCT name, version, instance_id LIKE '@%' FROM instances WHERE (owner IS NULL OR owner = ANY(ARRAY{Gone})) AND ended_at IS NULL", connection))
        await using (var reader = await kinds.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
            {
                var (name, version, entity) = (reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1), reader.GetBoolean(2));
                if (entity ? tasks.HasEntity(name) : tasks.HasOrchestrator(name, version))
                    names.Add((name, version));
            }
        }
        var claimed = new List<string>();
        if (names.Count == 0)
            return claimed;
        await using var claim = new NpgsqlCommand(
            $"""
            WITH me AS MATERIALIZED (SELECT id FROM nodes WHERE id = $1 AND left_at IS NULL FOR SHARE),
            free AS MATERIALIZED (
                SELECT i.instance_id FROM me, instances i JOIN unnest($2, $3) AS k(name, version) ON i.name = k.name AND i.version IS NOT DISTINCT FROM k.version
                WHERE (i.owner IS NULL OR i.owner = ANY(ARRAY{Gone})) AND i.ended_at IS NULL LIMIT $4 FOR UPDATE OF i SKIP LOCKED)
            UPDATE instances i SET owner = $1 FROM free WHERE i.instance_id = free.instance_id AND EXISTS (SELECT 1 FROM me) RETURNING i.instance_id
            """, connection);
        claim.Parameters.Add(Parameters.Small(node));
        claim.Parameters.Add(Parameters.Texts(names, one => one.Name));
        claim.Parameters.Add(Parameters.Texts(names, one => one.Version));
        claim.Parameters.Add(Parameters.Small(most));
        await using (var reader = await claim.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
                claimed.Add(reader.GetString(0));
        }
        return claimed;
    }

    /// <summary>When these instances have something to do.</summary>
    public static async Task<List<(string, DateTimeOffset)>> DuesAsync(NpgsqlConnection connection, List<string> ids, DateTimeOffset now, CancellationToken cancellation) =>
        ids.Count == 0
            ? []
            : await DuesAsync(
                connection,
                """
                SELECT instance_id, min(visible_at) FROM inbox WHERE instance_id = ANY($1) GROUP BY instance_id
                UNION ALL SELECT instance_id, $2 FROM instances WHERE instance_id = ANY($1) AND open_turn
                """,
                Parameters.Texts(ids, id => id), now, cancellation);

    /// <summary>When every live instance of a node has something to do.</summary>
    public static Task<List<(string, DateTimeOffset)>> OwnedDuesAsync(NpgsqlConnection connection, int node, DateTimeOffset now, CancellationToken cancellation) => DuesAsync(
        connection,
        """
        SELECT x.instance_id, min(x.visible_at) FROM inbox x JOIN instances i USING (instance_id) WHERE i.owner = $1 AND i.ended_at IS NULL GROUP BY x.instance_id
        UNION ALL SELECT instance_id, $2 FROM instances WHERE owner = $1 AND ended_at IS NULL AND open_turn
        """,
        Parameters.Small(node), now, cancellation);

    private static async Task<List<(string, DateTimeOffset)>> DuesAsync(NpgsqlConnection connection, string sql, NpgsqlParameter whose, DateTimeOffset now, CancellationToken cancellation)
    {
        var dues = new List<(string, DateTimeOffset)>();
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(whose);
        command.Parameters.Add(Parameters.Number(now.UtcTicks));
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            dues.Add((reader.GetString(0), new DateTimeOffset(reader.GetInt64(1), TimeSpan.Zero)));
        return dues;
    }

    /// <summary>What other nodes wrote into inboxes of this one's instances.</summary>
    public static async Task<(List<InboxMessage> Messages, List<string> Unreadable)> MessagesAsync(NpgsqlConnection connection, int node, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            WITH told AS (UPDATE inbox SET news = NULL WHERE news = $1 RETURNING sequence, instance_id, execution_id, visible_at, event)
            SELECT t.sequence, t.instance_id, t.execution_id, t.visible_at, t.event, p.data FROM told t LEFT JOIN payloads p ON p.id = payload_of(t.event) ORDER BY t.sequence
            """, connection);
        command.Parameters.Add(Parameters.Small(node));
        var messages = new List<InboxMessage>();
        var unreadable = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            if (HubReader.Message(reader, reader.GetString(1), 2, out _) is { } message)
                messages.Add(message);
            else
                unreadable.Add(reader.GetString(1));
        }
        return (messages, unreadable);
    }

    /// <summary>Calls that nobody runs and this node can; so many of each name, for a limit on one activity may hold back thousands of its calls, and the others' do not wait behind them.</summary>
    public static async Task<List<(ActivityKey Key, string Name, int Attempts)>> FreeActivitiesAsync(NpgsqlConnection connection, INodeTasks tasks, int most, CancellationToken cancellation)
    {
        var names = new List<(string Name, string? Version)>();
        await using (var kinds = new NpgsqlCommand($"SELECT DISTINCT name, version FROM activities WHERE owner IS NULL OR owner = ANY(ARRAY{Gone})", connection))
        await using (var reader = await kinds.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
            {
                var (name, version) = (reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1));
                if (tasks.HasActivity(name, version))
                    names.Add((name, version));
            }
        }
        var free = new List<(ActivityKey, string, int)>();
        if (names.Count == 0)
            return free;
        await using var command = new NpgsqlCommand(
            $"""
            SELECT f.* FROM unnest($1, $2) AS k(name, version) CROSS JOIN LATERAL (
                SELECT a.instance_id, a.execution_id, a.task_id, a.name, a.attempt FROM activities a
                WHERE a.name = k.name AND a.version IS NOT DISTINCT FROM k.version AND (a.owner IS NULL OR a.owner = ANY(ARRAY{Gone})) LIMIT $3) f
            """, connection);
        command.Parameters.Add(Parameters.Texts(names, one => one.Name));
        command.Parameters.Add(Parameters.Texts(names, one => one.Version));
        command.Parameters.Add(Parameters.Small(most));
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
                free.Add((new ActivityKey(reader.GetString(0), reader.GetString(1), reader.GetInt32(2)), reader.GetString(3), reader.GetInt32(4)));
        }
        return free;
    }

    /// <summary>Gives calls back that this node holds and has not begun, and tells the others. The attempt is not counted: nobody died of it.</summary>
    public static WriteResult Release(NpgsqlConnection connection, NpgsqlTransaction transaction, int node, ReleaseActivities release, string channel)
    {
        using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            UPDATE activities a SET owner = NULL, attempt = a.attempt - 1 FROM unnest($1, $2, $3, $4) AS k(instance_id, execution_id, task_id, attempt)
            WHERE a.instance_id = k.instance_id AND a.execution_id = k.execution_id AND a.task_id = k.task_id AND a.attempt = k.attempt AND a.owner = $5
            """)
        {
            Parameters =
            {
                Parameters.Texts(release.Calls, call => call.Key.InstanceId), Parameters.Texts(release.Calls, call => call.Key.ExecutionId),
                Parameters.Smalls(release.Calls, call => call.Key.TaskId), Parameters.Smalls(release.Calls, call => call.Attempt), Parameters.Small(node),
            },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pg_notify($1, '0')") { Parameters = { Parameters.Text(channel) } });
        batch.ExecuteNonQuery();
        return new WriteResult(WriteOutcome.Done, []);
    }

    /// <summary>How many other nodes live.</summary>
    public static async Task<int> PeersAsync(NpgsqlConnection connection, int node, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT count(*)::integer FROM nodes WHERE id <> $1 AND left_at IS NULL", connection);
        command.Parameters.Add(Parameters.Small(node));
        return (int)(await command.ExecuteScalarAsync(cancellation))!;
    }

    public static async Task<List<HeldActivity>> HeldAsync(NpgsqlConnection connection, int node, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT instance_id, execution_id, task_id, name, attempt, cancel_requested FROM activities WHERE owner = $1", connection);
        command.Parameters.Add(Parameters.Small(node));
        var held = new List<HeldActivity>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            held.Add(new HeldActivity(new ActivityKey(reader.GetString(0), reader.GetString(1), reader.GetInt32(2)), reader.GetString(3), reader.GetInt32(4), reader.GetBoolean(5)));
        return held;
    }

    public static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellation);
    }

    /// <summary>A connection with a lock or a subscription on it must not go back to the pool: connections are not reset there.</summary>
    public static async Task DiscardAsync(NpgsqlConnection connection)
    {
        try
        {
            if (connection.State == System.Data.ConnectionState.Open)
            {
                await ScalarAsync(connection, "SELECT pg_advisory_unlock_all()", CancellationToken.None);
                await ScalarAsync(connection, "UNLISTEN *", CancellationToken.None);
            }
        }
        catch (Exception exception) when (HubConnections.IsLost(exception) || exception is PostgresException)
        {
            // It is broken: the server has let go of everything that it held, or does when it notices.
        }
        await connection.DisposeAsync();
    }

    [LoggerMessage(EventId = 1320, Level = LogLevel.Warning, Message = "Node {Node} is gone; what it owned is taken over")]
    private static partial void NodeGone(ILogger logger, int node);
}
