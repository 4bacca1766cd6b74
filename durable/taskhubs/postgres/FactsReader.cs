using Npgsql;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>Reads and locks, in the open transaction, the rows that a group of units is about; always in the order of their keys, so that two nodes cannot wait for each other.</summary>
internal static class FactsReader
{
    private const string OwnerAlive = "(SELECT n.id FROM nodes n WHERE n.id = i.owner AND n.left_at IS NULL)";

    private const string Instances = $"""
        SELECT i.instance_id, i.status, i.execution_id, i.revision, {OwnerAlive}, i.reason FROM instances i
        WHERE i.instance_id = ANY($1) ORDER BY i.instance_id FOR UPDATE OF i
        """;

    private const string Children = $"""
        SELECT i.instance_id, i.status, i.execution_id, i.revision, {OwnerAlive}, i.reason, i.parent_id FROM instances i
        WHERE i.parent_id = ANY($1) AND i.ended_at IS NULL ORDER BY i.instance_id FOR UPDATE OF i
        """;

    /// <summary>Unnested in FROM, other than where rows are written: with a set in the select list the planner reads all calls and looks for each among the keys (docs/performance.md).</summary>
    private const string Activities = """
        SELECT a.instance_id, a.execution_id, a.task_id, a.attempt, (SELECT n.id FROM nodes n WHERE n.id = a.owner AND n.left_at IS NULL), a.cancel_requested,
            a.name, a.version, a.input, a.tags, (SELECT p.data FROM payloads p WHERE p.id = payload_of(a.input))
        FROM activities a JOIN unnest($1, $2, $3) AS k(instance_id, execution_id, task_id) USING (instance_id, execution_id, task_id)
        ORDER BY a.instance_id, a.execution_id, a.task_id FOR UPDATE OF a
        """;

    private const string Documents = "SELECT name, revision, content FROM documents WHERE name = ANY($1) ORDER BY name FOR UPDATE";

    public static Facts Read(NpgsqlConnection connection, NpgsqlTransaction transaction, Touched touched)
    {
        var facts = new Facts();
        using var batch = new NpgsqlBatch(connection, transaction);
        var readers = new List<Action<NpgsqlDataReader>>();
        if (touched.Instances.Count > 0)
            Add(Instances, reader => Instance(facts, reader), Parameters.Texts([.. touched.Instances], id => id));
        if (touched.Parents.Count > 0)
            Add(Children, reader => Child(facts, reader), Parameters.Texts([.. touched.Parents], id => id));
        if (touched.Activities.Count > 0)
        {
            ActivityKey[] keys = [.. touched.Activities];
            Add(Activities, reader => Activity(facts, reader), Parameters.Texts(keys, key => key.InstanceId), Parameters.Texts(keys, key => key.ExecutionId), Parameters.Smalls(keys, key => key.TaskId));
        }
        if (touched.Documents.Count > 0)
            Add(Documents, reader => facts.Documents[reader.GetString(0)] = new HubDocument(reader.GetInt64(1), reader.GetString(2)), Parameters.Texts([.. touched.Documents], name => name));
        if (readers.Count == 0)
            return facts;
        using var results = batch.ExecuteReader();
        foreach (var read in readers)
        {
            while (results.Read())
                read(results);
            results.NextResult();
        }
        return facts;

        void Add(string sql, Action<NpgsqlDataReader> read, params ReadOnlySpan<NpgsqlParameter> parameters)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var parameter in parameters)
                command.Parameters.Add(parameter);
            batch.BatchCommands.Add(command);
            readers.Add(read);
        }
    }

    private static void Instance(Facts facts, NpgsqlDataReader reader) => facts.Instances[reader.GetString(0)] = new InstanceFact
    {
        Status = (OrchestrationRuntimeStatus)reader.GetInt32(1),
        Execution = reader.GetString(2),
        Revision = reader.GetInt64(3),
        Owner = reader.IsDBNull(4) ? null : reader.GetInt32(4),
        Reason = reader.IsDBNull(5) ? null : reader.GetString(5),
    };

    private static void Child(Facts facts, NpgsqlDataReader reader)
    {
        Instance(facts, reader);
        var parent = reader.GetString(6);
        if (!facts.Children.TryGetValue(parent, out var children))
            facts.Children[parent] = children = [];
        children.Add(reader.GetString(0));
    }

    private static void Activity(Facts facts, NpgsqlDataReader reader)
    {
        var key = new ActivityKey(reader.GetString(0), reader.GetString(1), reader.GetInt32(2));
        var input = Payloads.TryUnpack(Text(reader, 8), reader.IsDBNull(10) ? null : reader.GetFieldValue<byte[]>(10), out var damage);
        facts.Activities[key] = new ActivityFact(reader.GetInt32(3), reader.IsDBNull(4) ? null : reader.GetInt32(4))
        {
            CancelRequested = reader.GetBoolean(5),
            Damage = damage,
            Stored = new ScheduledActivity(key, reader.GetString(6), Text(reader, 7), input, HistoryJson.ReadTags(Text(reader, 9))),
        };
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
