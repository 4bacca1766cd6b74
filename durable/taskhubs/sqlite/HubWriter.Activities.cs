using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <content>Claims, ends and progress of activities: each counts only from the current attempt.</content>
internal sealed partial class HubWriter
{
    private WriteResult Claim(ClaimActivity claim)
    {
        var key = claim.Key;
        using var reader = statements.Read(
            """
            UPDATE activities SET attempt = attempt + 1 WHERE instance_id = $0 AND execution_id = $1 AND task_id = $2
            RETURNING attempt, name, version, input, tags, cancel_requested
            """,
            key.InstanceId, key.ExecutionId, key.TaskId);
        if (!reader.Read())
            return new WriteResult(WriteOutcome.NotFound, []);
        var input = Payloads.TryFetch(statements, Text(reader, 3), out var damage);
        var activity = new ScheduledActivity(key, reader.GetString(1), Text(reader, 2), input, HistoryJson.ReadTags(Text(reader, 4)));
        return s_done with { Claimed = new ClaimedActivity(activity, reader.GetInt32(0), reader.GetBoolean(5)) { Damage = damage } };
    }

    /// <summary>The attempt is not counted: no code of it has run.</summary>
    private WriteResult Release(ReleaseActivities release)
    {
        foreach (var (key, attempt) in release.Calls)
        {
            statements.Execute(
                "UPDATE activities SET attempt = attempt - 1 WHERE instance_id = $0 AND execution_id = $1 AND task_id = $2 AND attempt = $3",
                key.InstanceId, key.ExecutionId, key.TaskId, attempt);
        }
        return s_done;
    }

    private WriteResult Complete(StoreCompletion completion)
    {
        var key = completion.Key;
        if (!IsCurrent(key, completion.Attempt, out var packed))
            return s_fenced;
        DropActivity(key, packed);
        return new WriteResult(WriteOutcome.Done, [Post(key.InstanceId, key.ExecutionId, now, completion.Event)]);
    }

    private WriteResult Report(StoreProgress progress)
    {
        var key = progress.Key;
        var written = statements.Execute(
            """
            INSERT OR REPLACE INTO progress (instance_id, execution_id, task_id, attempt, data)
            SELECT instance_id, execution_id, task_id, attempt, $4 FROM activities WHERE instance_id = $0 AND execution_id = $1 AND task_id = $2 AND attempt = $3
            """,
            key.InstanceId, key.ExecutionId, key.TaskId, progress.Attempt, progress.Progress);
        return written == 0 ? s_fenced : s_done;
    }

    /// <param name="packed">Its input lies in a row of its own.</param>
    private bool IsCurrent(ActivityKey key, int attempt, out bool packed)
    {
        // One number for both answers: negative for a packed input.
        var current = statements.Scalar(
            "SELECT CASE WHEN substr(input, 1, 9) = '@payload:' THEN -1 - attempt ELSE attempt END FROM activities WHERE instance_id = $0 AND execution_id = $1 AND task_id = $2",
            key.InstanceId, key.ExecutionId, key.TaskId) as long?;
        packed = current < 0;
        return (packed ? -1 - current : current) == attempt;
    }

    private void DropActivity(ActivityKey key, bool packed)
    {
        if (packed)
        {
            statements.Execute(
                "DELETE FROM payloads WHERE id = (SELECT CAST(substr(input, 10) AS INTEGER) FROM activities WHERE instance_id = $0 AND execution_id = $1 AND task_id = $2 AND substr(input, 1, 9) = '@payload:')",
                key.InstanceId, key.ExecutionId, key.TaskId);
        }
        statements.Execute("DELETE FROM activities WHERE instance_id = $0 AND execution_id = $1 AND task_id = $2", key.InstanceId, key.ExecutionId, key.TaskId);
    }

    private static string? Text(Microsoft.Data.Sqlite.SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
