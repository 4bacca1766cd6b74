using System.Globalization;
using Microsoft.Data.Sqlite;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <summary>Reads within one read transaction.</summary>
internal sealed partial class HubReader(Statements statements)
{
    private const string Live = "(0, 2, 6, 7)"; // Running, ContinuedAsNew, Pending, Suspended

    public InstanceSnapshot? Load(string instanceId) => Load(
        instanceId,
        $"SELECT execution_id, name, version, status, revision, open_turn, custom_status, state, locked_by FROM instances WHERE instance_id = $0 AND status IN {Live}");

    public InstanceSnapshot? LoadEnded(string instanceId) => Load(
        instanceId,
        $"SELECT execution_id, name, version, status, revision, open_turn, custom_status, state, locked_by FROM instances WHERE instance_id = $0 AND status NOT IN {Live}");

    private InstanceSnapshot? Load(string instanceId, string select)
    {
        InstanceSnapshot? found = null;
        using (var reader = statements.Read(select, instanceId))
        {
            if (!reader.Read())
                return null;
            found = new InstanceSnapshot
            {
                InstanceId = instanceId,
                ExecutionId = reader.GetString(0),
                Name = reader.GetString(1),
                Version = Text(reader, 2),
                Status = (OrchestrationRuntimeStatus)reader.GetInt32(3),
                Revision = reader.GetInt64(4),
                OpenTurn = reader.GetBoolean(5),
                CustomStatus = Text(reader, 6),
                EntityState = Text(reader, 7),
                LockedBy = Text(reader, 8),
                NextHistoryRow = 0,
                History = [],
                Inbox = [],
            };
        }
        if (instanceId[0] == '@')
            return found with { EntityState = Payloads.Fetch(statements, found.EntityState), Inbox = ReadInbox(instanceId, out var unread), Damage = unread };
        var (history, rows) = ReadHistory(instanceId, found.ExecutionId, out var damage);
        var inbox = ReadInbox(instanceId, out var inboxDamage);
        return found with { History = history, NextHistoryRow = rows, Inbox = inbox, Damage = damage ?? inboxDamage };
    }

    public PendingWork PendingWork(DateTimeOffset now)
    {
        var wakes = new List<(string, DateTimeOffset)>();
        using (var reader = statements.Read(
            """
            SELECT instance_id, MIN(visible_at) FROM inbox GROUP BY instance_id
            UNION ALL SELECT instance_id, $0 FROM instances WHERE open_turn = 1 AND status IN (0, 2)
            ORDER BY 2, 1
            """, now.UtcTicks))
        {
            while (reader.Read())
                wakes.Add((reader.GetString(0), Time(reader, 1)));
        }
        var activities = new List<(ActivityKey, string, int)>();
        using (var reader = statements.Read("SELECT instance_id, execution_id, task_id, name, attempt FROM activities ORDER BY instance_id, task_id"))
        {
            while (reader.Read())
                activities.Add((new ActivityKey(reader.GetString(0), reader.GetString(1), reader.GetInt32(2)), reader.GetString(3), reader.GetInt32(4)));
        }
        return new PendingWork(wakes, activities) { Suspects = Deaths.Suspects(statements) };
    }

    public IReadOnlyList<InboxMessage> Timers(IReadOnlyCollection<string>? instanceIds, DateTimeOffset after)
    {
        var rows = new List<(string Instance, long Sequence, string? Execution, DateTimeOffset VisibleAt, string Event)>();
        using (var reader = statements.Read("SELECT instance_id, sequence, execution_id, visible_at, event FROM inbox WHERE timer_id IS NOT NULL AND visible_at > $0", after.UtcTicks))
        {
            while (reader.Read())
                rows.Add((reader.GetString(0), reader.GetInt64(1), Text(reader, 2), Time(reader, 3), reader.GetString(4)));
        }
        var wanted = instanceIds?.ToHashSet(StringComparer.Ordinal);
        return [.. rows.Where(row => wanted?.Contains(row.Instance) != false)
            .SelectMany(row => TryRead(row.Event, out _).Select(one => new InboxMessage(row.Sequence, row.Instance, row.Execution, row.VisibleAt, one)))];
    }

    public InstanceRecord? Instance(string instanceId, bool withData)
    {
        InstanceRecord record;
        using (var reader = statements.Read($"SELECT {Columns} FROM instances WHERE instance_id = $0", instanceId))
        {
            if (!reader.Read())
                return null;
            record = Record(reader);
        }
        return Finish(record, withData);
    }

    public Page<InstanceRecord> Query(OrchestrationQuery query)
    {
        var (afterTime, afterId) = Token(query.ContinuationToken);
        var statuses = query.Statuses?.Select(status => (int)status).ToHashSet() ?? [];
        var records = new List<InstanceRecord>();
        using (var reader = statements.Read(
            $"""
            SELECT {Columns} FROM instances
            WHERE (created_at, instance_id) > ($0, $1) AND created_at BETWEEN $2 AND $3 AND substr(instance_id, 1, length($4)) = $4 AND substr(instance_id, 1, 1) <> '@'
              AND ($5 = '' OR instr($5, ',' || status || ',') > 0)
            ORDER BY created_at, instance_id LIMIT $6
            """,
            afterTime, afterId, query.CreatedFrom?.UtcTicks ?? 0, query.CreatedTo?.UtcTicks ?? long.MaxValue,
            query.InstanceIdPrefix ?? "",
            statuses.Count == 0 ? "" : $",{string.Join(',', statuses)},", query.PageSize + 1))
        {
            while (reader.Read())
                records.Add(Record(reader));
        }
        var budget = new PageBudget();
        var page = records.Take(query.PageSize).Select(record => Finish(record, query.FetchInputsAndOutputs)).TakeWhile(budget.TryTake).ToList();
        var token = records.Count > page.Count ? string.Create(CultureInfo.InvariantCulture, $"{page[^1].CreatedAt.UtcTicks}|{page[^1].InstanceId}") : null;
        return new Page<InstanceRecord>(page, token);
    }

    public IReadOnlyList<HistoryEvent>? History(string instanceId) =>
        statements.Scalar("SELECT execution_id FROM instances WHERE instance_id = $0", instanceId) is string execution ? ReadHistory(instanceId, execution, out _).Events : null;

    public ExecutionStartedEvent? Start(string instanceId, string executionId) =>
        statements.Scalar("SELECT events FROM history WHERE instance_id = $0 AND execution_id = $1 AND turn = 0", instanceId, executionId) is string first
            ? TryRead(first, out _).OfType<ExecutionStartedEvent>().FirstOrDefault()
            : null;

    public string? Progress(string instanceId) => (string?)statements.Scalar("SELECT data FROM progress WHERE instance_id = $0", instanceId);

    private const string Columns = "instance_id, name, status, created_at, updated_at, input, output, custom_status, failure, tags, version, reason, execution_id";

    private static InstanceRecord Record(SqliteDataReader reader) =>
        new(reader.GetString(0), reader.GetString(1), (OrchestrationRuntimeStatus)reader.GetInt32(2), Time(reader, 3), Time(reader, 4))
        {
            Input = Text(reader, 5),
            Output = Text(reader, 6),
            CustomStatus = Text(reader, 7),
            // Kept as stored until Finish: the reader must be closed before a payload is fetched.
            Failure = Text(reader, 8) is { } stored ? new TaskFailureDetails("", stored, null, null) : null,
            Tags = HistoryJson.ReadTags(Text(reader, 9)),
            Version = Text(reader, 10),
            Reason = Text(reader, 11),
            ExecutionId = Text(reader, 12),
        };

    private InstanceRecord Finish(InstanceRecord record, bool withData)
    {
        if (!withData)
            return record with { Input = null, Output = null, CustomStatus = null, Failure = null };
        var input = Payloads.TryFetch(statements, record.Input, out var first);
        var output = Payloads.TryFetch(statements, record.Output, out var second);
        var failure = Payloads.TryFetch(statements, record.Failure?.ErrorMessage, out var third);
        return record with { Input = input, Output = output, Failure = HistoryJson.ReadFailure(failure), Reason = first ?? second ?? third ?? record.Reason };
    }

    private (List<HistoryEvent> Events, int Rows) ReadHistory(string instanceId, string executionId, out HubDamage? damage)
    {
        damage = null;
        var stored = new List<string>();
        using (var reader = statements.Read("SELECT events FROM history WHERE instance_id = $0 AND execution_id = $1 ORDER BY turn", instanceId, executionId))
        {
            while (reader.Read())
                stored.Add(reader.GetString(0));
        }
        var events = new List<HistoryEvent>();
        foreach (var row in stored)
        {
            events.AddRange(TryRead(row, out var unread));
            damage ??= unread;
        }
        return (events, stored.Count);
    }

    private List<HistoryEvent> TryRead(string stored, out HubDamage? damage)
    {
        try
        {
            return HistoryJson.TryRead(Payloads.Fetch(statements, stored)!, out damage);
        }
        catch (InvalidDataException exception)
        {
            damage = new HubDamage(exception.Message, IsNewer: false);
            return [];
        }
    }

    private List<InboxMessage> ReadInbox(string instanceId, out HubDamage? damage)
    {
        damage = null;
        var rows = new List<(long Sequence, string? Execution, DateTimeOffset VisibleAt, string Event)>();
        using (var reader = statements.Read("SELECT sequence, execution_id, visible_at, event FROM inbox WHERE instance_id = $0 ORDER BY sequence", instanceId))
        {
            while (reader.Read())
                rows.Add((reader.GetInt64(0), Text(reader, 1), Time(reader, 2), reader.GetString(3)));
        }
        var inbox = new List<InboxMessage>();
        foreach (var row in rows)
        {
            inbox.AddRange(TryRead(row.Event, out var unread).Select(one => new InboxMessage(row.Sequence, instanceId, row.Execution, row.VisibleAt, one)));
            damage ??= unread;
        }
        return inbox;
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

    private static DateTimeOffset Time(SqliteDataReader reader, int column) => new(reader.GetInt64(column), TimeSpan.Zero);

    private static string? Text(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
