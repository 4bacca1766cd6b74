using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Catalog;

/// <summary>What users list. A projection: writing a row again changes nothing, and it can be rebuilt.</summary>
public sealed class SnapshotIndex(CatalogDatabase database)
{
    public void Upsert(SnapshotRow row) => database.Write($"row {row.Status.State}", (connection, transaction) => Upsert(connection, transaction, row));

    /// <summary>Writes what the workflow tells, and keeps what others have marked since: hold, damage, deletion.</summary>
    public void Project(SnapshotRow row) => database.Write($"row {row.Status.State}", (connection, transaction) =>
    {
        var merged = Find(connection, transaction, row.Key) is { } before
            ? row with
            {
                Held = before.Held,
                DamagedAt = before.DamagedAt,
                DeletedAt = before.DeletedAt,
                Status = before.Status.State is SnapshotState.Destroying or SnapshotState.Destroyed ? row.Status with { State = before.Status.State } : row.Status,
            }
            : row;
        return Upsert(connection, transaction, merged);
    });

    /// <summary>Changes a row in one transaction.</summary>
    /// <returns>False when there is none.</returns>
    public bool Change(RequestKey key, Func<SnapshotRow, SnapshotRow> change) => database.Write("row changed", (connection, transaction) =>
    {
        ArgumentNullException.ThrowIfNull(change);
        if (Find(connection, transaction, key) is not { } row) return false;
        Upsert(connection, transaction, change(row));
        return true;
    });

    /// <summary>Every copy that was taken for a policy and is on secondary storage.</summary>
    public IReadOnlyList<SnapshotRow> CopiesOf(string policy) => Copies("policy=$value", policy);

    /// <summary>Every copy that the catalog believes to be on a destination.</summary>
    public IEnumerable<SnapshotRow> BackedUpOn(string destination) => Copies("$value=$value", destination).Where(row => row.Status.Destination == destination);

    private List<SnapshotRow> Copies(string condition, string value) => database.Read(connection =>
    {
        using var read = connection.CreateCommand();
        read.CommandText = $"SELECT row FROM snapshots WHERE {condition} AND state=$state ORDER BY created_at DESC, id DESC";
        read.Parameters.AddWithValue("$value", value);
        read.Parameters.AddWithValue("$state", SnapshotState.BackedUp.ToString());
        using var reader = read.ExecuteReader();
        var rows = new List<SnapshotRow>();
        while (reader.Read()) rows.Add(JsonSerializer.Deserialize(reader.GetString(0), ContractsJson.Default.SnapshotRow)!);
        return rows;
    });

    private static int Upsert(SqliteConnection connection, SqliteTransaction transaction, SnapshotRow row)
    {
        using var upsert = connection.CreateCommand();
        upsert.Transaction = transaction;
        upsert.CommandText = """
            INSERT INTO snapshots (id, volume_id, vm_id, account, policy, state, created_at, ended, row) VALUES ($id, $volume, $vm, $account, $policy, $state, $created, $ended, $row)
            ON CONFLICT (id) DO UPDATE SET volume_id=$volume, vm_id=$vm, account=$account, policy=$policy, state=$state, created_at=$created, ended=$ended, row=$row
            """;
        upsert.Parameters.AddWithValue("$id", row.Key.Value);
        upsert.Parameters.AddWithValue("$volume", row.VolumeId);
        upsert.Parameters.AddWithValue("$vm", (object?)row.VmId ?? DBNull.Value);
        upsert.Parameters.AddWithValue("$account", (object?)row.Account ?? DBNull.Value);
        upsert.Parameters.AddWithValue("$policy", (object?)row.Policy ?? DBNull.Value);
        upsert.Parameters.AddWithValue("$state", row.Status.State.ToString());
        upsert.Parameters.AddWithValue("$created", row.CreatedAt.UtcDateTime.ToString("O"));
        upsert.Parameters.AddWithValue("$ended", row.Status.Ended ? 1 : 0);
        upsert.Parameters.AddWithValue("$row", JsonSerializer.Serialize(row, ContractsJson.Default.SnapshotRow));
        return upsert.ExecuteNonQuery();
    }

    public SnapshotRow? Find(RequestKey key) => database.Read(connection => Find(connection, null, key));

    private static SnapshotRow? Find(SqliteConnection connection, SqliteTransaction? transaction, RequestKey key)
    {
        using var read = connection.CreateCommand();
        read.Transaction = transaction;
        read.CommandText = "SELECT row FROM snapshots WHERE id=$id";
        read.Parameters.AddWithValue("$id", key.Value);
        return read.ExecuteScalar() is string row ? JsonSerializer.Deserialize(row, ContractsJson.Default.SnapshotRow) : null;
    }

    /// <summary>Newest first; <see cref="SnapshotQuery.After"/> goes on where a page ended.</summary>
    public SnapshotPage List(SnapshotQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return database.Read(connection =>
        {
            var where = new StringBuilder("1=1");
            using var read = connection.CreateCommand();
            void And(string condition, string name, object? value)
            {
                if (value is null) return;
                where.Append(" AND ").Append(condition);
                read.Parameters.AddWithValue(name, value);
            }

            And("volume_id=$volume", "$volume", query.VolumeId);
            And("vm_id=$vm", "$vm", query.VmId);
            And("policy=$policy", "$policy", query.Policy);
            And("state=$state", "$state", query.State?.ToString());
            And("created_at>=$from", "$from", query.CreatedFrom?.UtcDateTime.ToString("O"));
            And("created_at<=$to", "$to", query.CreatedTo?.UtcDateTime.ToString("O"));
            if (query.Accounts is { } accounts)
            {
                where.Append(" AND account IN (").AppendJoin(',', accounts.Select((_, i) => $"$account{i}")).Append(')');
                foreach (var (i, account) in accounts.Index()) read.Parameters.AddWithValue($"$account{i}", account);
            }

            if (query.After is { } after)
            {
                where.Append(" AND (created_at, id) < ($afterTime, $afterId)");
                read.Parameters.AddWithValue("$afterTime", after.CreatedAt.UtcDateTime.ToString("O"));
                read.Parameters.AddWithValue("$afterId", after.Key.Value);
            }

            read.CommandText = $"SELECT row FROM snapshots WHERE {where} ORDER BY created_at DESC, id DESC LIMIT $top";
            read.Parameters.AddWithValue("$top", query.Top + 1);
            using var reader = read.ExecuteReader();
            var rows = new List<SnapshotRow>();
            while (reader.Read()) rows.Add(JsonSerializer.Deserialize(reader.GetString(0), ContractsJson.Default.SnapshotRow)!);
            var more = rows.Count > query.Top;
            if (more) rows.RemoveAt(rows.Count - 1);
            return new SnapshotPage(rows, more ? new PageMark(rows[^1].CreatedAt, rows[^1].Key) : null);
        });
    }
}

/// <summary>Filters of a listing; null means any.</summary>
public sealed record SnapshotQuery
{
    public string? VolumeId { get; init; }

    public string? VmId { get; init; }

    public string? Policy { get; init; }

    public SnapshotState? State { get; init; }

    public DateTimeOffset? CreatedFrom { get; init; }

    public DateTimeOffset? CreatedTo { get; init; }

    /// <summary>Only of these CloudStack accounts; null: of all.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }

    public int Top { get; init; } = 100;

    public PageMark? After { get; init; }
}

/// <summary>Where a page ended.</summary>
public sealed record PageMark(DateTimeOffset CreatedAt, RequestKey Key);

/// <param name="Next">Null on the last page.</param>
public sealed record SnapshotPage(IReadOnlyList<SnapshotRow> Rows, PageMark? Next);
