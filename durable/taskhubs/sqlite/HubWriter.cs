using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <summary>Writes units within the open transaction. Each unit checks its condition first and then writes whole.</summary>
internal sealed partial class HubWriter(Statements statements, long epoch, DateTimeOffset now)
{
    private static readonly WriteResult s_done = new(WriteOutcome.Done, []);
    private static readonly WriteResult s_fenced = new(WriteOutcome.Fenced, []);

    public WriteResult Write(HubWrite write) => write switch
    {
        CommitTurn turn => Turn(turn),
        StartInstance start => Start(start),
        SendMessage message => Send(message),
        ClaimActivity claim => Claim(claim),
        ReleaseActivities release => Release(release),
        StoreCompletion completion => Complete(completion),
        StoreProgress progress => Report(progress),
        PurgeInstance purge => Purge(purge),
        StoreDocument document => Store(document),
        CommitEntity entity => Entity(entity),
        NoteReason note => Note(note),
        BeginTrial trial => Deaths.Begin(statements, trial),
        Acquit acquit => Deaths.Acquit(statements, acquit),
        _ => throw new NotSupportedException($"The SQLite hub does not know {write.GetType()}."),
    };

    private WriteResult Start(StartInstance start)
    {
        var instanceId = start.Start.OrchestrationInstance.InstanceId;
        if (StatusOf(instanceId) is { } existing)
        {
            if (IsLive(existing) || start.RefusedBy.Contains(existing))
                return new WriteResult(WriteOutcome.Refused, []) { Status = existing };
            Remove(instanceId);
        }
        if (start.FirstTurn is not { } first)
            return new WriteResult(WriteOutcome.Done, [Create(start.Start, start.VisibleAt)]);
        Insert(start.Start, first.At);
        var begun = Turn(first);
        return begun.Outcome == WriteOutcome.Done
            ? begun with { TookFirstTurn = true }
            : new WriteResult(WriteOutcome.Done, [Announce(start.Start, start.VisibleAt, first.At)]);
    }

    private WriteResult Send(SendMessage message)
    {
        var visibleAt = message.VisibleAt is { } asked && asked > now ? asked : now;
        if (IsEntity(message.InstanceId))
            return new WriteResult(WriteOutcome.Done, [PostToEntity(message.InstanceId, visibleAt, message.Event)]);
        if (StatusOf(message.InstanceId) is not { } status)
            return new WriteResult(WriteOutcome.NotFound, []);
        return IsLive(status)
            ? new WriteResult(WriteOutcome.Done, [Post(message.InstanceId, null, visibleAt, message.Event)])
            : new WriteResult(WriteOutcome.Refused, []) { Status = status };
    }

    private WriteResult Note(NoteReason note)
    {
        if (StatusOf(note.InstanceId) is not { } status)
            return new WriteResult(WriteOutcome.NotFound, []);
        if (!IsLive(status))
            return new WriteResult(WriteOutcome.Refused, []) { Status = status };
        return statements.Execute("UPDATE instances SET reason = $1 WHERE instance_id = $0 AND reason IS NOT $1", note.InstanceId, note.Reason) == 1 ? s_done : s_fenced;
    }

    private InboxMessage Create(ExecutionStartedEvent start, DateTimeOffset visibleAt)
    {
        Insert(start, now);
        return Announce(start, visibleAt, now);
    }

    private InboxMessage Announce(ExecutionStartedEvent start, DateTimeOffset visibleAt, DateTimeOffset createdAt) =>
        Post(start.OrchestrationInstance.InstanceId, start.OrchestrationInstance.ExecutionId, visibleAt, start) with { CreatedAt = createdAt };

    private void Insert(ExecutionStartedEvent start, DateTimeOffset createdAt)
    {
        var instance = start.OrchestrationInstance;
        statements.Execute(
            """
            INSERT INTO instances (instance_id, execution_id, name, version, status, revision, open_turn, parent_id, created_at, updated_at, input, tags)
            VALUES ($0, $1, $2, $3, $4, 0, 0, $5, $6, $6, $7, $8)
            """,
            instance.InstanceId, instance.ExecutionId, start.Name, start.Version, (int)OrchestrationRuntimeStatus.Pending,
            start.ParentInstance?.OrchestrationInstance.InstanceId, createdAt.UtcTicks, Payloads.Store(statements, start.Input), HistoryJson.Write(start.Tags));
    }

    private InboxMessage Post(string instanceId, string? executionId, DateTimeOffset visibleAt, HistoryEvent message)
    {
        var stored = Payloads.Store(statements, HistoryJson.Write(message));
        statements.Execute(
            "INSERT INTO inbox (instance_id, execution_id, visible_at, timer_id, event) VALUES ($0, $1, $2, $3, $4)",
            instanceId, executionId, visibleAt.UtcTicks, (message as TimerFiredEvent)?.TimerId, stored);
        return new InboxMessage(statements.LastRow, instanceId, executionId, visibleAt, message);
    }

    private OrchestrationRuntimeStatus? StatusOf(string instanceId) =>
        statements.Scalar("SELECT status FROM instances WHERE instance_id = $0", instanceId) is long status ? (OrchestrationRuntimeStatus)status : null;

    private static bool IsLive(OrchestrationRuntimeStatus status) => status
        is OrchestrationRuntimeStatus.Pending or OrchestrationRuntimeStatus.Running or OrchestrationRuntimeStatus.Suspended or OrchestrationRuntimeStatus.ContinuedAsNew;

    private WriteResult Purge(PurgeInstance purge)
    {
        if (StatusOf(purge.InstanceId) is not { } status)
            return s_done;
        if (IsLive(status) && !IsEntity(purge.InstanceId))
            return new WriteResult(WriteOutcome.Refused, []) { Status = status };
        if (Keeper(purge) is { } keeper)
            return new WriteResult(WriteOutcome.Refused, []) { Status = keeper };
        var gone = purge.Recursive ? FamilyOf(purge.InstanceId).Where((one, index) => index == 0 || !IsLive(one.Status)).Select(one => one.Id).ToList() : [purge.InstanceId];
        foreach (var instanceId in gone)
            Remove(instanceId);
        return new WriteResult(WriteOutcome.Done, []) { Count = gone.Count };
    }

    /// <returns>The status of one for whose sake the instance stays; null if there is none.</returns>
    private OrchestrationRuntimeStatus? Keeper(PurgeInstance purge)
    {
        if (purge.KeepRewindableSince is not null
            && statements.Scalar("SELECT 1 FROM instances c JOIN instances p ON p.instance_id = c.parent_id WHERE c.instance_id = $0 AND p.status = $1", purge.InstanceId, (int)OrchestrationRuntimeStatus.Failed) is not null)
        {
            return OrchestrationRuntimeStatus.Failed;
        }
        if (!purge.KeepIfChildrenLive && purge.KeepRewindableSince is null)
            return null;
        foreach (var (_, status, changedAt) in FamilyOf(purge.InstanceId).Skip(1))
        {
            if (purge.KeepIfChildrenLive && IsLive(status))
                return status;
            if (status == OrchestrationRuntimeStatus.Failed && changedAt > purge.KeepRewindableSince)
                return status;
        }
        return null;
    }

    /// <summary>
    /// The instance and those below it, each once; below a live one nothing. However deep they lie: and in a circle, too, since an instance that has
    /// ended may be replaced by a child of one of its children.
    /// </summary>
    private List<(string Id, OrchestrationRuntimeStatus Status, DateTimeOffset ChangedAt)> FamilyOf(string instanceId)
    {
        List<(string Id, OrchestrationRuntimeStatus Status, DateTimeOffset ChangedAt)> family = [(instanceId, StatusOf(instanceId)!.Value, default)];
        var seen = new HashSet<string>(StringComparer.Ordinal) { instanceId };
        for (var index = 0; index < family.Count; index++)
        {
            if (index == 0 || !IsLive(family[index].Status))
                family.AddRange(ChildrenOf(family[index].Id).Where(child => seen.Add(child.Id)));
        }
        return family;
    }

    private List<(string Id, OrchestrationRuntimeStatus Status, DateTimeOffset ChangedAt)> ChildrenOf(string instanceId)
    {
        var children = new List<(string, OrchestrationRuntimeStatus, DateTimeOffset)>();
        using var reader = statements.Read("SELECT instance_id, status, updated_at FROM instances WHERE parent_id = $0 ORDER BY created_at, instance_id", instanceId);
        while (reader.Read())
            children.Add((reader.GetString(0), (OrchestrationRuntimeStatus)reader.GetInt32(1), new DateTimeOffset(reader.GetInt64(2), TimeSpan.Zero)));
        return children;
    }

    private void Remove(string instanceId)
    {
        DropHistory(instanceId);
        statements.Execute("DELETE FROM inbox WHERE instance_id = $0", instanceId);
        DropActivities(instanceId);
        statements.Execute("DELETE FROM progress WHERE instance_id = $0", instanceId);
        statements.Execute("DELETE FROM instances WHERE instance_id = $0", instanceId);
    }

    private void DropHistory(string instanceId)
    {
        Payloads.Drop(
            statements,
            "SELECT 1 FROM history WHERE instance_id = $0 AND substr(events, 1, 9) = '@payload:' LIMIT 1",
            "DELETE FROM payloads WHERE id IN (SELECT CAST(substr(events, 10) AS INTEGER) FROM history WHERE instance_id = $0 AND substr(events, 1, 9) = '@payload:')",
            instanceId);
        statements.Execute("DELETE FROM history WHERE instance_id = $0", instanceId);
    }

    private void DropActivities(string instanceId)
    {
        if (statements.Scalar("SELECT 1 FROM activities WHERE instance_id = $0 LIMIT 1", instanceId) is null)
            return;
        Payloads.Drop(
            statements,
            "SELECT 1 FROM activities WHERE instance_id = $0 AND substr(input, 1, 9) = '@payload:' LIMIT 1",
            "DELETE FROM payloads WHERE id IN (SELECT CAST(substr(input, 10) AS INTEGER) FROM activities WHERE instance_id = $0 AND substr(input, 1, 9) = '@payload:')",
            instanceId);
        statements.Execute("DELETE FROM activities WHERE instance_id = $0", instanceId);
    }
}
