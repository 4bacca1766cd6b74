using System.Globalization;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <content>Entities, and ended instances by the time of their end.</content>
internal sealed partial class HubReader
{
    private const string EntityColumns =
        "i.instance_id, i.updated_at, i.state, (SELECT p.data FROM payloads p WHERE p.id = payload_of(i.state)), i.locked_by, (SELECT count(*)::integer FROM inbox x WHERE x.instance_id = i.instance_id)";

    public async ValueTask<EntityRecord?> EntityAsync(string instanceId, bool withState) =>
        (await ListAsync($"SELECT {EntityColumns} FROM instances i WHERE i.instance_id = $1", reader => Entity(reader, withState), Parameters.Text(instanceId))).FirstOrDefault();

    public async ValueTask<Page<EntityRecord>> EntitiesAsync(EntityQuery query)
    {
        var size = query.PageSize ?? EntityQuery.DefaultPageSize;
        var (records, all) = (new List<EntityRecord>(), true);
        var budget = new PageBudget();
        await foreach (var record in RowsAsync(
            $"""
            SELECT {EntityColumns} FROM instances i
            WHERE i.instance_id > $1 AND i.instance_id >= '@' AND i.instance_id < 'A' AND starts_with(i.instance_id, $2) AND i.updated_at BETWEEN $3 AND $4
              AND ($5 OR i.state IS NOT NULL)
            ORDER BY i.instance_id LIMIT $6
            """,
            reader => Entity(reader, query.IncludeState),
            Parameters.Text(query.ContinuationToken ?? ""), Parameters.Text(query.InstanceIdStartsWith ?? "@"), Parameters.Number(query.LastModifiedFrom?.UtcTicks ?? 0),
            Parameters.Number(query.LastModifiedTo?.UtcTicks ?? long.MaxValue), new Npgsql.NpgsqlParameter<bool> { TypedValue = query.IncludeTransient }, Parameters.Small(size + 1)))
        {
            all = records.Count < size && budget.TryTake(record);
            if (!all)
                break;
            records.Add(record);
        }
        return new Page<EntityRecord>(records, all ? null : records[^1].InstanceId);
    }

    public async ValueTask<Page<string>> EndedAsync(EndedFilter filter)
    {
        var (afterTime, afterId) = Token(filter.After);
        int[] statuses = [.. (filter.Statuses ?? []).Select(status => (int)status)];
        var found = await ListAsync(
            """
            SELECT ended_at, instance_id FROM instances
            WHERE ended_at IS NOT NULL AND (ended_at, instance_id) > ($1, $2) AND ended_at BETWEEN $3 AND $4 AND (cardinality($5) = 0 OR status = ANY($5))
            ORDER BY ended_at, instance_id LIMIT $6
            """,
            reader => (Time: reader.GetInt64(0), Id: reader.GetString(1)),
            Parameters.Number(afterTime), Parameters.Text(afterId), Parameters.Number(filter.From?.UtcTicks ?? 0), Parameters.Number(filter.To?.UtcTicks ?? long.MaxValue),
            Parameters.Smalls(statuses, status => status), Parameters.Small(filter.PageSize + 1));
        var more = found.Count > filter.PageSize;
        if (more)
            found.RemoveAt(found.Count - 1);
        return new Page<string>([.. found.Select(one => one.Id)], more ? string.Create(CultureInfo.InvariantCulture, $"{found[^1].Time}|{found[^1].Id}") : null);
    }

    private static EntityRecord Entity(Npgsql.NpgsqlDataReader reader, bool withState) => new(
        reader.GetString(0), Time(reader, 1), withState ? Large(reader, 2, 3) : null, Text(reader, 4), reader.GetInt32(5));
}
