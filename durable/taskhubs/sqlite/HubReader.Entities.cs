using System.Globalization;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <content>Entities, and ended instances by the time of their end.</content>
internal sealed partial class HubReader
{
    public EntityRecord? Entity(string instanceId, bool withState) =>
        Entities($"SELECT {EntityColumns} FROM instances WHERE instance_id = $0", withState, instanceId).FirstOrDefault();

    public Page<EntityRecord> Entities(EntityQuery query)
    {
        var size = query.PageSize ?? EntityQuery.DefaultPageSize;
        var prefix = query.InstanceIdStartsWith ?? "@";
        var records = Entities(
            $"""
            SELECT {EntityColumns} FROM instances
            WHERE instance_id > $0 AND instance_id >= $1 AND instance_id < 'A' AND substr(instance_id, 1, length($1)) = $1 AND updated_at BETWEEN $2 AND $3
              AND ($4 = 1 OR state IS NOT NULL)
            ORDER BY instance_id LIMIT $5
            """,
            query.IncludeState, query.ContinuationToken ?? "", prefix, query.LastModifiedFrom?.UtcTicks ?? 0,
            query.LastModifiedTo?.UtcTicks ?? long.MaxValue, query.IncludeTransient ? 1 : 0, size + 1);
        var budget = new PageBudget();
        var (page, all) = (new List<EntityRecord>(), true);
        foreach (var record in records)
        {
            all = page.Count < size && budget.TryTake(record);
            if (!all)
                break;
            page.Add(record);
        }
        return new Page<EntityRecord>(page, all ? null : page[^1].InstanceId);
    }

    public Page<string> Ended(EndedFilter filter)
    {
        var (afterTime, afterId) = Token(filter.After);
        var statuses = filter.Statuses is { Count: > 0 } chosen ? $",{string.Join(',', chosen.Select(status => (int)status))}," : "";
        var found = new List<(long Time, string Id)>();
        using (var reader = statements.Read(
            """
            SELECT updated_at, instance_id FROM instances
            WHERE status IN (1, 3, 4, 5) AND (updated_at, instance_id) > ($0, $1) AND updated_at BETWEEN $2 AND $3 AND ($4 = '' OR instr($4, ',' || status || ',') > 0)
            ORDER BY updated_at, instance_id LIMIT $5
            """,
            afterTime, afterId, filter.From?.UtcTicks ?? 0, filter.To?.UtcTicks ?? long.MaxValue, statuses, filter.PageSize + 1))
        {
            while (reader.Read())
                found.Add((reader.GetInt64(0), reader.GetString(1)));
        }
        var more = found.Count > filter.PageSize;
        if (more)
            found.RemoveAt(found.Count - 1);
        return new Page<string>([.. found.Select(one => one.Id)], more ? string.Create(CultureInfo.InvariantCulture, $"{found[^1].Time}|{found[^1].Id}") : null);
    }

    private const string EntityColumns = "instance_id, updated_at, state, locked_by, (SELECT COUNT(*) FROM inbox WHERE inbox.instance_id = instances.instance_id)";

    /// <summary>Their states are fetched one by one, as they are looked at.</summary>
    private IEnumerable<EntityRecord> Entities(string select, bool withState, params ReadOnlySpan<object?> values)
    {
        var records = new List<EntityRecord>();
        using (var reader = statements.Read(select, values))
        {
            while (reader.Read())
                records.Add(new EntityRecord(reader.GetString(0), Time(reader, 1), Text(reader, 2), Text(reader, 3), reader.GetInt32(4)));
        }
        return records.Select(record => record with { State = withState ? Payloads.Fetch(statements, record.State) : null });
    }
}
