using Npgsql;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>Removes ended instances, with those below them if wanted.</summary>
internal static class Purging
{
    /// <summary>
    /// The instance first and, where it has ended, its children, and theirs. Each once (UNION, hence nothing that tells the ways to it apart): an instance that has ended may be
    /// replaced by a child of one of its children.
    /// </summary>
    private const string Family = """
        WITH RECURSIVE family(instance_id, status, ended_at, parent_id) AS (
            SELECT instance_id, status, ended_at, parent_id FROM instances WHERE instance_id = $1
            UNION
            SELECT i.instance_id, i.status, i.ended_at, i.parent_id FROM instances i JOIN family f ON i.parent_id = f.instance_id WHERE f.ended_at IS NOT NULL)
        SELECT f.instance_id, f.status, f.ended_at, p.status FROM family f LEFT JOIN instances p ON p.instance_id = f.parent_id ORDER BY f.instance_id <> $1, f.instance_id
        """;

    public static WriteResult Purge(NpgsqlConnection connection, NpgsqlTransaction transaction, PurgeInstance purge)
    {
        var family = new List<(string Id, OrchestrationRuntimeStatus Status, long? EndedAt)>();
        OrchestrationRuntimeStatus? parent = null;
        using (var command = new NpgsqlCommand(Family, connection, transaction))
        {
            command.Parameters.Add(Parameters.Text(purge.InstanceId));
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                if (family.Count == 0 && !reader.IsDBNull(3))
                    parent = (OrchestrationRuntimeStatus)reader.GetInt32(3);
                family.Add((reader.GetString(0), (OrchestrationRuntimeStatus)reader.GetInt32(1), reader.IsDBNull(2) ? null : reader.GetInt64(2)));
            }
        }
        if (family.Count == 0)
            return new WriteResult(WriteOutcome.Done, []);
        if (purge.InstanceId[0] == '@')
            return Remove([purge.InstanceId]);
        if (family[0].EndedAt is null)
            return new WriteResult(WriteOutcome.Refused, []) { Status = family[0].Status };
        if (purge.KeepIfChildrenLive && family.Find(one => one.EndedAt is null) is { Id: not null } alive)
            return new WriteResult(WriteOutcome.Refused, []) { Status = alive.Status };
        if (purge.KeepRewindableSince is { } since
            && (parent == OrchestrationRuntimeStatus.Failed || family.Skip(1).Any(one => one.Status == OrchestrationRuntimeStatus.Failed && one.EndedAt > since.UtcTicks)))
        {
            return new WriteResult(WriteOutcome.Refused, []) { Status = OrchestrationRuntimeStatus.Failed };
        }
        return Remove([.. family.Where((one, index) => one.EndedAt is not null && (purge.Recursive || index == 0)).Select(one => one.Id)]);

        WriteResult Remove(string[] ids)
        {
            // Whatever lives again since the look stays.
            using var locked = new NpgsqlCommand(
                "SELECT instance_id FROM instances WHERE instance_id = ANY($1) AND (ended_at IS NOT NULL OR instance_id LIKE '@%') ORDER BY instance_id FOR UPDATE", connection, transaction);
            locked.Parameters.Add(Parameters.Texts(ids, id => id));
            var still = new List<string>();
            using (var reader = locked.ExecuteReader())
            {
                while (reader.Read())
                    still.Add(reader.GetString(0));
            }
            if (still.Count > 0)
            {
                using var batch = new NpgsqlBatch(connection, transaction);
                PlanWriter.Purge(batch, still);
                batch.ExecuteNonQuery();
            }
            return new WriteResult(WriteOutcome.Done, []) { Count = still.Count };
        }
    }
}
