using System.Globalization;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <content>Entities: rows that come with their first message and go with their last trace.</content>
internal sealed partial class HubWriter
{
    private WriteResult Entity(CommitEntity commit)
    {
        if (!Advance(commit))
            return s_fenced;
        foreach (var sequence in commit.ConsumedMessages)
            statements.Execute("DELETE FROM inbox WHERE sequence = $0", sequence);
        var delivered = new List<InboxMessage>();
        foreach (var message in commit.Messages)
        {
            if (Dispatch(message) is { } posted)
                delivered.Add(posted);
        }
        foreach (var start in commit.Starts)
            delivered.AddRange(Start(start).Delivered);
        var removed = commit.State is null && commit.LockedBy is null
            && statements.Execute("DELETE FROM instances WHERE instance_id = $0 AND NOT EXISTS (SELECT 1 FROM inbox WHERE instance_id = $0)", commit.InstanceId) == 1;
        return new WriteResult(WriteOutcome.Done, delivered) { Count = removed ? 1 : 0 };
    }

    private bool Advance(CommitEntity commit)
    {
        // Looked at before it is overwritten: a large state lies in a row of its own.
        var former = (string?)statements.Scalar(
            "SELECT state FROM instances WHERE instance_id = $0 AND execution_id = $1 AND revision = $2 AND substr(state, 1, 9) = '@payload:'",
            commit.InstanceId, commit.ExecutionId, commit.Revision);
        var fenced = statements.Execute(
            """
            UPDATE instances SET revision = revision + 1, updated_at = $3, state = $4, locked_by = $5, reason = NULL
            WHERE instance_id = $0 AND execution_id = $1 AND revision = $2 AND (SELECT epoch FROM hub) = $6
            """,
            commit.InstanceId, commit.ExecutionId, commit.Revision, commit.At.UtcTicks, Payloads.Store(statements, commit.State), commit.LockedBy, epoch);
        if (fenced == 1 && former is not null)
            Payloads.Drop(statements, former);
        return fenced == 1;
    }

    private InboxMessage PostToEntity(string instanceId, DateTimeOffset visibleAt, HistoryEvent message)
    {
        var posted = Post(instanceId, null, visibleAt, message);
        if (StatusOf(instanceId) is null)
        {
            statements.Execute(
                """
                INSERT INTO instances (instance_id, execution_id, name, version, status, revision, open_turn, parent_id, created_at, updated_at)
                VALUES ($0, $1, $2, NULL, $3, 0, 0, NULL, $4, $4)
                """,
                instanceId, string.Create(CultureInfo.InvariantCulture, $"e{posted.Sequence}"), EntityInstanceId.FromString(instanceId).Name,
                (int)OrchestrationRuntimeStatus.Running, now.UtcTicks);
        }
        return posted;
    }

    private static bool IsEntity(string instanceId) => instanceId[0] == '@';

    /// <summary>Of an instance that lives again.</summary>
    private void DropResults(string instanceId) => Payloads.Drop(
        statements,
        "SELECT 1 FROM instances WHERE instance_id = $0 AND (substr(output, 1, 9) = '@payload:' OR substr(failure, 1, 9) = '@payload:')",
        "DELETE FROM payloads WHERE id IN (SELECT CAST(substr(output, 10) AS INTEGER) FROM instances WHERE instance_id = $0 UNION SELECT CAST(substr(failure, 10) AS INTEGER) FROM instances WHERE instance_id = $0)",
        instanceId);
}
