using System.Globalization;
using Npgsql;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>Reads on one connection of the pool.</summary>
internal sealed partial class HubReader(NpgsqlConnection connection, CancellationToken cancellation)
{
    /// <summary>One statement: an instance, its history and its inbox are of one moment, and cost one round trip.</summary>
    private const string Loaded = """
        SELECT i.execution_id, i.name, i.version, i.status, i.revision, i.open_turn, i.custom_status, i.state, i.locked_by, i.owner,
            EXISTS (SELECT 1 FROM nodes n WHERE n.id = i.owner AND n.left_at IS NULL),
            ARRAY(SELECT h.events FROM history h WHERE h.instance_id = i.instance_id AND h.execution_id = i.execution_id ORDER BY h.turn),
            x.sequences, x.executions, x.times, x.events, p.ids, p.data
        FROM instances i
        CROSS JOIN LATERAL (
            SELECT array_agg(sequence ORDER BY sequence) AS sequences, array_agg(execution_id ORDER BY sequence) AS executions,
                array_agg(visible_at ORDER BY sequence) AS times, array_agg(event ORDER BY sequence) AS events
            FROM inbox WHERE instance_id = i.instance_id) x
        CROSS JOIN LATERAL (SELECT array_agg(id) AS ids, array_agg(data) AS data FROM payloads WHERE instance_id = i.instance_id AND part IN (3, 4, 5)) p
        WHERE i.instance_id = $1
        """;

    private const string Events = """
        SELECT h.events, p.data FROM instances i LEFT JOIN history h ON h.instance_id = i.instance_id AND h.execution_id = i.execution_id
            LEFT JOIN payloads p ON p.id = payload_of(h.events)
        WHERE i.instance_id = $1 ORDER BY h.turn
        """;

    /// <summary>Takes the instance for the node if nobody who lives has it, and the node could run it.</summary>
    public async ValueTask<InstanceSnapshot?> LoadAsync(string instanceId, int node, INodeTasks tasks, OwnedInstances owned)
    {
        var (snapshot, owner, alive) = await SnapshotAsync(instanceId);
        if (snapshot is null || !Statuses.IsLive(snapshot.Status) || (alive && owner != node))
            return null;
        // To end it no code of its own is needed, and it may be that no node will ever have that.
        var runs = instanceId[0] == '@'
            ? tasks.HasEntity(snapshot.Name)
            : tasks.HasOrchestrator(snapshot.Name, snapshot.Version) || snapshot.Inbox.Any(message => message.Event is ExecutionTerminatedEvent);
        if (owner == node || !runs)
        {
            if (owner == node)
                owned.Add(instanceId);
            return snapshot;
        }
        if (!await TakeAsync(instanceId, node, owner))
            return null;
        owned.Add(instanceId);
        return (await SnapshotAsync(instanceId)).Snapshot;
    }

    public async ValueTask<InstanceSnapshot?> LoadEndedAsync(string instanceId) =>
        (await SnapshotAsync(instanceId)).Snapshot is { } snapshot && !Statuses.IsLive(snapshot.Status) ? snapshot : null;

    public async ValueTask<PendingWork> PendingWorkAsync(int node, INodeTasks tasks, DateTimeOffset now)
    {
        var wakes = await ListAsync(
            $"""
            SELECT x.instance_id, min(x.visible_at) FROM inbox x JOIN instances i USING (instance_id)
            WHERE i.owner = $1 OR i.owner IS NULL OR i.owner = ANY(ARRAY{NodeClaims.Gone}) GROUP BY x.instance_id
            UNION ALL SELECT instance_id, $2 FROM instances WHERE open_turn AND ended_at IS NULL AND status <> 7 AND (owner = $1 OR owner IS NULL OR owner = ANY(ARRAY{NodeClaims.Gone}))
            ORDER BY 2, 1
            """,
            reader => (reader.GetString(0), Time(reader, 1)),
            Parameters.Small(node), Parameters.Number(now.UtcTicks));
        var activities = await ListAsync(
            $"SELECT instance_id, execution_id, task_id, name, version, attempt FROM activities WHERE owner IS NULL OR owner = $1 OR owner = ANY(ARRAY{NodeClaims.Gone}) ORDER BY instance_id, task_id",
            reader => (new ActivityKey(reader.GetString(0), reader.GetString(1), reader.GetInt32(2)), Name: reader.GetString(3), Version: Text(reader, 4), Attempts: reader.GetInt32(5)),
            Parameters.Small(node));
        return new PendingWork(wakes, [.. activities.Where(one => tasks.HasActivity(one.Name, one.Version)).Select(one => (one.Item1, one.Name, one.Attempts))]);
    }

    public async ValueTask<IReadOnlyList<InboxMessage>> TimersAsync(int node, IReadOnlyCollection<string>? instanceIds, DateTimeOffset after)
    {
        List<NpgsqlParameter> parameters = [Parameters.Small(node), Parameters.Number(after.UtcTicks)];
        if (instanceIds is not null)
            parameters.Add(Parameters.Texts([.. instanceIds], id => id));
        var timers = await ListAsync(
            $"""
            SELECT x.sequence, x.instance_id, x.execution_id, x.visible_at, x.event, p.data
            FROM inbox x JOIN instances i USING (instance_id) LEFT JOIN payloads p ON p.id = payload_of(x.event)
            WHERE x.timer_id IS NOT NULL AND x.visible_at > $2 {(instanceIds is null ? "" : "AND x.instance_id = ANY($3)")}
              AND (i.owner = $1 OR i.owner IS NULL OR i.owner = ANY(ARRAY{NodeClaims.Gone}))
            """,
            reader => Message(reader, reader.GetString(1), 2, out _), [.. parameters]);
        return [.. timers.OfType<InboxMessage>()];
    }

    public async ValueTask<InstanceRecord?> InstanceAsync(string instanceId, bool withData) =>
        (await ListAsync($"SELECT {Columns(withData)} FROM instances i WHERE i.instance_id = $1", reader => Record(reader, withData), Parameters.Text(instanceId))).FirstOrDefault();

    public async ValueTask<Page<InstanceRecord>> QueryAsync(OrchestrationQuery query)
    {
        var (afterTime, afterId) = Token(query.ContinuationToken);
        var statuses = query.Statuses?.Select(status => (int)status).Distinct().ToArray() ?? [];
        var (records, all) = (new List<InstanceRecord>(), true);
        var budget = new PageBudget();
        await foreach (var record in RowsAsync(
            $"""
            SELECT {Columns(query.FetchInputsAndOutputs)} FROM instances i
            WHERE (i.created_at, i.instance_id) > ($1, $2) AND i.created_at BETWEEN $3 AND $4 AND starts_with(i.instance_id, $5) AND i.instance_id NOT LIKE '@%'
              AND (cardinality($6) = 0 OR i.status = ANY($6))
            ORDER BY i.created_at, i.instance_id LIMIT $7
            """,
            reader => Record(reader, query.FetchInputsAndOutputs),
            Parameters.Number(afterTime), Parameters.Text(afterId), Parameters.Number(query.CreatedFrom?.UtcTicks ?? 0), Parameters.Number(query.CreatedTo?.UtcTicks ?? long.MaxValue),
            Parameters.Text(query.InstanceIdPrefix ?? ""), Parameters.Smalls(statuses, status => status), Parameters.Small(query.PageSize + 1)))
        {
            all = records.Count < query.PageSize && budget.TryTake(record);
            if (!all)
                break;
            records.Add(record);
        }
        var token = !all ? string.Create(CultureInfo.InvariantCulture, $"{records[^1].CreatedAt.UtcTicks}|{records[^1].InstanceId}") : null;
        return new Page<InstanceRecord>(records, token);
    }

    public async ValueTask<IReadOnlyList<HistoryEvent>?> HistoryAsync(string instanceId)
    {
        var rows = await ListAsync(Events, reader => reader.IsDBNull(0) ? [] : TryRead(reader, 0, 1, out _), Parameters.Text(instanceId));
        return rows.Count == 0 ? null : [.. rows.SelectMany(events => events)];
    }

    public async ValueTask<ExecutionStartedEvent?> StartAsync(string instanceId, string executionId)
    {
        var first = await ListAsync(
            "SELECT h.events, p.data FROM history h LEFT JOIN payloads p ON p.id = payload_of(h.events) WHERE h.instance_id = $1 AND h.execution_id = $2 AND h.turn = 0",
            reader => TryRead(reader, 0, 1, out _), Parameters.Text(instanceId), Parameters.Text(executionId));
        return first.SelectMany(events => events).OfType<ExecutionStartedEvent>().FirstOrDefault();
    }

    public async ValueTask<string?> ProgressAsync(string instanceId) =>
        (await ListAsync("SELECT data FROM progress WHERE instance_id = $1", reader => reader.GetString(0), Parameters.Text(instanceId))).FirstOrDefault();

    /// <param name="column">The first of execution, time, event and payload; the sequence is column 0.</param>
    /// <returns>Null when the event cannot be read.</returns>
    internal static InboxMessage? Message(NpgsqlDataReader reader, string instanceId, int column, out HubDamage? damage) =>
        TryRead(reader, column + 2, column + 3, out damage) is [var read]
            ? new InboxMessage(reader.GetInt64(0), instanceId, Text(reader, column), Time(reader, column + 1), read)
            : null;

    private async ValueTask<(InstanceSnapshot? Snapshot, int? Owner, bool Alive)> SnapshotAsync(string instanceId) =>
        (await ListAsync(Loaded, reader => Snapshot(reader, instanceId), Parameters.Text(instanceId))).FirstOrDefault();

    private static (InstanceSnapshot? Snapshot, int? Owner, bool Alive) Snapshot(NpgsqlDataReader reader, string instanceId)
    {
        var payloads = new Dictionary<long, byte[]>();
        if (!reader.IsDBNull(16))
        {
            foreach (var (id, data) in reader.GetFieldValue<long[]>(16).Zip(reader.GetFieldValue<byte[][]>(17)))
                payloads[id] = data;
        }
        HubDamage? damage = null;
        var rows = reader.GetFieldValue<string[]>(11);
        var history = new List<HistoryEvent>();
        foreach (var row in rows)
            history.AddRange(TryRead(row, payloads, ref damage));
        var inbox = new List<InboxMessage>();
        if (!reader.IsDBNull(12))
        {
            var (executions, times, events) = (reader.GetFieldValue<string?[]>(13), reader.GetFieldValue<long[]>(14), reader.GetFieldValue<string[]>(15));
            foreach (var (index, sequence) in reader.GetFieldValue<long[]>(12).Index())
            {
                if (TryRead(events[index], payloads, ref damage) is [var read])
                    inbox.Add(new InboxMessage(sequence, instanceId, executions[index], new DateTimeOffset(times[index], TimeSpan.Zero), read));
            }
        }
        var snapshot = new InstanceSnapshot
        {
            InstanceId = instanceId,
            ExecutionId = reader.GetString(0),
            Name = reader.GetString(1),
            Version = Text(reader, 2),
            Status = (OrchestrationRuntimeStatus)reader.GetInt32(3),
            Revision = reader.GetInt64(4),
            OpenTurn = reader.GetBoolean(5),
            CustomStatus = Text(reader, 6),
            EntityState = Unpacked(Text(reader, 7), payloads),
            LockedBy = Text(reader, 8),
            NextHistoryRow = rows.Length,
            History = history,
            Inbox = inbox,
            Damage = damage,
        };
        return (snapshot, reader.IsDBNull(9) ? null : reader.GetInt32(9), reader.GetBoolean(10));
    }

    /// <param name="damage">What is wrong with this row, unless something was wrong before.</param>
    private static List<HistoryEvent> TryRead(string stored, Dictionary<long, byte[]> payloads, ref HubDamage? damage)
    {
        HubDamage? unread;
        List<HistoryEvent> events;
        try
        {
            events = HistoryJson.TryRead(Unpacked(stored, payloads)!, out unread);
        }
        catch (InvalidDataException exception)
        {
            (events, unread) = ([], new HubDamage(exception.Message, IsNewer: false));
        }
        damage ??= unread;
        return events;
    }

    private static string? Unpacked(string? text, Dictionary<long, byte[]> payloads) => Payloads.Referred(text) is not { } id ? text
        : payloads.TryGetValue(id, out var data) ? Payloads.Unpack(data)
        : throw Payloads.Missing(text!);

    private async ValueTask<bool> TakeAsync(string instanceId, int node, int? former) => (await ListAsync(
        """
        WITH me AS MATERIALIZED (SELECT id FROM nodes WHERE id = $2 AND left_at IS NULL FOR SHARE)
        UPDATE instances SET owner = $2 WHERE instance_id = $1 AND ended_at IS NULL AND owner IS NOT DISTINCT FROM $3 AND EXISTS (SELECT 1 FROM me) RETURNING 1
        """,
        reader => reader.GetInt32(0),
        Parameters.Text(instanceId), Parameters.Small(node), new NpgsqlParameter { Value = (object?)former ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer })).Count == 1;

    private static List<HistoryEvent> TryRead(NpgsqlDataReader reader, int column, int packed, out HubDamage? damage)
    {
        try
        {
            return HistoryJson.TryRead(Large(reader, column, packed)!, out damage);
        }
        catch (InvalidDataException exception)
        {
            damage = new HubDamage(exception.Message, IsNewer: false);
            return [];
        }
    }

    private static string Columns(bool withData) => withData
        ? """
          i.instance_id, i.name, i.status, i.created_at, i.updated_at, i.tags, i.version, i.reason, i.execution_id, i.custom_status, i.input, i.output, i.failure,
          (SELECT p.data FROM payloads p WHERE p.id = payload_of(i.input)), (SELECT p.data FROM payloads p WHERE p.id = payload_of(i.output)),
          (SELECT p.data FROM payloads p WHERE p.id = payload_of(i.failure))
          """
        : "i.instance_id, i.name, i.status, i.created_at, i.updated_at, i.tags, i.version, i.reason, i.execution_id";

    private static InstanceRecord Record(NpgsqlDataReader reader, bool withData)
    {
        var record = new InstanceRecord(reader.GetString(0), reader.GetString(1), (OrchestrationRuntimeStatus)reader.GetInt32(2), Time(reader, 3), Time(reader, 4))
        {
            Tags = HistoryJson.ReadTags(Text(reader, 5)),
            Version = Text(reader, 6),
            Reason = Text(reader, 7),
            ExecutionId = Text(reader, 8),
        };
        if (!withData)
            return record;
        var input = TryLarge(reader, 10, 13, out var first);
        var output = TryLarge(reader, 11, 14, out var second);
        var failure = TryLarge(reader, 12, 15, out var third);
        return record with
        {
            CustomStatus = Text(reader, 9), Input = input, Output = output, Failure = HistoryJson.ReadFailure(failure), Reason = first ?? second ?? third ?? record.Reason,
        };
    }

    private static string? TryLarge(NpgsqlDataReader reader, int column, int packed, out string? damage) =>
        Payloads.TryUnpack(Text(reader, column), reader.IsDBNull(packed) ? null : reader.GetFieldValue<byte[]>(packed), out damage);

    private async ValueTask<List<T>> ListAsync<T>(string sql, Func<NpgsqlDataReader, T> row, params NpgsqlParameter[] parameters)
    {
        var rows = new List<T>();
        await foreach (var one in RowsAsync(sql, row, parameters))
            rows.Add(one);
        return rows;
    }

    private async IAsyncEnumerable<T> RowsAsync<T>(string sql, Func<NpgsqlDataReader, T> row, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            yield return row(reader);
    }

    private static (long Time, string Id) Token(string? token)
    {
        if (token is null)
            return (-1, "");
        var bar = token.IndexOf('|', StringComparison.Ordinal);
        return bar > 0 && long.TryParse(token.AsSpan(0, bar), CultureInfo.InvariantCulture, out var time)
            ? (time, token[(bar + 1)..])
            : throw new ArgumentException("The continuation token is none of this hub.", nameof(token));
    }

    private static string? Large(NpgsqlDataReader reader, int column, int packed)
    {
        var text = Text(reader, column);
        if (Payloads.Referred(text) is null)
            return text;
        return reader.IsDBNull(packed)
            ? throw Payloads.Missing(text!)
            : Payloads.Unpack(reader.GetFieldValue<byte[]>(packed));
    }

    private static DateTimeOffset Time(NpgsqlDataReader reader, int column) => new(reader.GetInt64(column), TimeSpan.Zero);

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
