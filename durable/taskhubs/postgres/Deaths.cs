using Npgsql;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>Deaths of owners, counted at one revision of an instance: the next commit of it makes the count void, and no turn has to write anything.</summary>
internal static class Deaths
{
    /// <summary>Programs of older schema versions do not count.</summary>
    public const int SinceVersion = 3;

    /// <summary>These nodes have died with these instances under way.</summary>
    public static async Task CountAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<int> gone, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            "DELETE FROM deaths d WHERE NOT EXISTS (SELECT 1 FROM instances i WHERE i.instance_id = d.instance_id AND i.revision = d.revision AND i.ended_at IS NULL)"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            INSERT INTO deaths AS d (instance_id, revision, count)
            SELECT i.instance_id, i.revision, 1 FROM instances i WHERE i.ended_at IS NULL AND i.owner = ANY($1) AND (i.open_turn
                OR EXISTS (SELECT 1 FROM activities a WHERE a.instance_id = i.instance_id) OR EXISTS (SELECT 1 FROM inbox x WHERE x.instance_id = i.instance_id))
            ON CONFLICT (instance_id) DO UPDATE SET count = CASE WHEN d.revision = excluded.revision THEN d.count + 1 ELSE 1 END, revision = excluded.revision
            WHERE d.count < $2 OR d.revision <> excluded.revision
            """)
        { Parameters = { Parameters.Smalls(gone, id => id), Parameters.Small(PendingWork.SuspectAfter) } });
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>No other node that lives has the instance <c>i</c>; the node itself is parameter 2.</summary>
    private const string Ours = "NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = i.owner AND n.id <> $2 AND n.left_at IS NULL)";

    /// <summary>Suspects that the node has, or could take. Few rows have the count, which no statistics know after a death: OFFSET 0 keeps the planner from going through all instances for them.</summary>
    public static async Task<List<string>> SuspectsAsync(NpgsqlConnection connection, int node, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT d.instance_id FROM deaths d CROSS JOIN LATERAL (
                SELECT 1 FROM instances i WHERE i.instance_id = d.instance_id AND i.revision = d.revision AND i.ended_at IS NULL AND {Ours} OFFSET 0) i
            WHERE d.count >= $1 ORDER BY 1
            """, connection);
        command.Parameters.Add(Parameters.Small(PendingWork.SuspectAfter));
        command.Parameters.Add(Parameters.Small(node));
        var suspects = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            suspects.Add(reader.GetString(0));
        return suspects;
    }

    public static WriteResult Begin(NpgsqlConnection connection, NpgsqlTransaction transaction, int node, BeginTrial trial)
    {
        using var command = new NpgsqlCommand(
            $"UPDATE deaths d SET count = count + 1 FROM instances i WHERE d.instance_id = $1 AND i.instance_id = $1 AND i.revision = d.revision AND {Ours} RETURNING d.count", connection, transaction);
        command.Parameters.Add(Parameters.Text(trial.InstanceId));
        command.Parameters.Add(Parameters.Small(node));
        return command.ExecuteScalar() is int count ? new WriteResult(WriteOutcome.Done, []) { Count = count } : new WriteResult(WriteOutcome.NotFound, []);
    }

    public static WriteResult Acquit(NpgsqlConnection connection, NpgsqlTransaction transaction, Acquit acquit)
    {
        using var command = new NpgsqlCommand("DELETE FROM deaths WHERE instance_id = $1", connection, transaction);
        command.Parameters.Add(Parameters.Text(acquit.InstanceId));
        command.ExecuteNonQuery();
        return new WriteResult(WriteOutcome.Done, []);
    }
}
