using System.Text;
using System.Text.Json;
using System.Data.Common;
using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Catalog;

/// <summary>What users list. A projection: writing a row again changes nothing, and it can be rebuilt.</summary>
public sealed class SnapshotIndex(CatalogDatabase database, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    public void Upsert(SnapshotRow row) => database.Write($"row {row.Status.State}", (connection, transaction) => Upsert(connection, transaction, row));

    /// <summary>Writes what the workflow tells, and keeps what others have marked since: hold, damage, deletion. Its end is a row of the audit trail too.</summary>
    public void Project(SnapshotRow row) => database.Write($"row {row.Status.State}", (connection, transaction) =>
    {
        var before = Find(connection, transaction, row.Key);
        var merged = before is not null
            ? row with
            {
                Held = before.Held,
                DamagedAt = before.DamagedAt,
                LastProven = before.LastProven,
                VerifyTriedAt = before.VerifyTriedAt,
                DeletedAt = before.DeletedAt,
                EndedAt = before.EndedAt,
                Notice = before.Notice,
                Status = before.Status.State is SnapshotState.Destroying or SnapshotState.Destroyed ? row.Status with { State = before.Status.State } : row.Status,
            }
            : row;

        // The end is told to the audit trail once, in the same transaction, however often the row is written.
        if (row.Status.Ended && before?.Status.Ended is not true) NoteEnd(connection, transaction, row);
        return Upsert(connection, transaction, Ended(before, merged));
    });

    private SnapshotRow Ended(SnapshotRow? before, SnapshotRow after) => IsFailed(after) && !(before is not null && IsFailed(before)) ? after with { EndedAt = _time.GetUtcNow() } : after;

    private static bool IsFailed(SnapshotRow row) => row.Status is { Ended: true, State: SnapshotState.Error };

    private void NoteEnd(DbConnection connection, DbTransaction transaction, SnapshotRow row)
    {
        var failure = row.Status.Failure;
        AuditTrail.Note(
            connection, transaction, _time.GetUtcNow(), row.Caller, "snapshot.create", row.Key.Uuid, failure is null ? "done" : failure.Code == "cancelled" ? "cancelled" : "failed",
            failure is null ? $"volume {row.VolumeId}: {row.Status.State}" : $"volume {row.VolumeId}: {failure.Code}");
    }

    /// <summary>Changes a row in one transaction.</summary>
    /// <returns>False when there is none.</returns>
    public bool Change(RequestKey key, Func<SnapshotRow, SnapshotRow> change) => database.Write("row changed", (connection, transaction) =>
    {
        ArgumentNullException.ThrowIfNull(change);
        if (Find(connection, transaction, key) is not { } row) return false;
        Upsert(connection, transaction, Ended(row, change(row)));
        return true;
    });

    /// <summary>Takes a row out that is not ours to have; its usage is not ours from now on.</summary>
    /// <returns>False when there is none.</returns>
    public bool Remove(RequestKey key) => database.Write("row removed", (connection, transaction) =>
    {
        UsageLedger.Close(connection, transaction, key.Uuid, _time.GetUtcNow());
        return connection.Command(transaction, "DELETE FROM snapshots WHERE id=@id").With("@id", key.Value).ExecuteNonQuery() > 0;
    });

    /// <summary>Every copy that was taken for a policy and is on secondary storage; of one volume, where it is named.</summary>
    public IReadOnlyList<SnapshotRow> CopiesOf(string policy, string? volumeId = null) => volumeId is null
        ? Copies("policy=@value", policy)
        // By the volume's index: a database that took the policy's would read all of its rows for each volume.
        : [.. Copies("volume_id=@value", volumeId).Where(row => row.Policy == policy)];

    /// <summary>Every copy that is on secondary storage, newest first.</summary>
    public IReadOnlyList<SnapshotRow> AllBackedUp() => Copies("CAST(@value AS TEXT) IS NOT NULL", "");

    /// <summary>When a volume's copies were last read and found whole; null when none ever was.</summary>
    /// <param name="accounts">Only copies of these scopes count (see <see cref="AccountScope"/>): a tenant may name any volume, and is not to learn of another's. Null: all.</param>
    public DateTimeOffset? LastProvenOf(string volumeId, IReadOnlyList<string>? accounts) => Copies("volume_id=@value", volumeId)
        .Where(row => accounts is null || AccountScope.Covers(accounts, row.DomainId, row.Account))
        .Max(row => row.DamagedAt is null ? row.LastProven ?? row.Status.Verified?.At : null);

    /// <summary>Rows that say their snapshot is under way and began before a time.</summary>
    public IReadOnlyList<SnapshotRow> UnderWay(DateTimeOffset before) => database.Read<IReadOnlyList<SnapshotRow>>(connection =>
    {
        using var read = connection.Command(null, "SELECT row FROM snapshots WHERE ended=0 AND created_at<@before ORDER BY created_at").With("@before", before.Stored());
        return read.All(reader => JsonSerializer.Deserialize(reader.GetString(0), ContractsJson.Default.SnapshotRow)!);
    });

    /// <summary>Rows of snapshots whose deletion has begun, oldest first.</summary>
    public IReadOnlyList<SnapshotRow> Destroying(int top) => database.Read<IReadOnlyList<SnapshotRow>>(connection =>
    {
        using var read = connection.Command(null, "SELECT row FROM snapshots WHERE state=@state ORDER BY created_at, id LIMIT @top").With("@state", SnapshotState.Destroying.ToString()).With("@top", top);
        return read.All(reader => JsonSerializer.Deserialize(reader.GetString(0), ContractsJson.Default.SnapshotRow)!);
    });

    /// <summary>SHA-256 over what the manifests prove of every copy, in order: the same before and after the index was made anew.</summary>
    public (string Hash, int Copies) Digest()
    {
        var proven = AllBackedUp().OrderBy(row => row.Key.Value, StringComparer.Ordinal).Select(row => string.Join('|', row.Key.Value, row.VolumeId, row.VolumeName, row.VmId, row.Account, row.DomainId, row.Name, row.Policy, row.Held,
            row.Status.Destination, row.Status.Manifest, row.Status.Location, row.Status.Root, row.Status.DiskBytes, row.Status.StoredBytes, row.Status.TakenAt?.Stored(), row.Status.Consistency, row.Status.Verified?.Level,
            row.GroupId, row.Primary?.ClusterUuid, row.Primary?.VolumeId, row.AdoptedSnapshotId,
            row.Tags is null ? "" : string.Join(',', row.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}")))).ToList();
        return (Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', proven)))), proven.Count);
    }

    /// <summary>Every copy that the catalog believes to be on a destination.</summary>
    public IEnumerable<SnapshotRow> BackedUpOn(string destination) => Copies("CAST(@value AS TEXT) IS NOT NULL", destination).Where(row => row.Status.Destination == destination);

    private List<SnapshotRow> Copies(string condition, string value) => database.Read(connection =>
    {
        using var read = connection.CreateCommand();
        read.CommandText = $"SELECT row FROM snapshots WHERE {condition} AND state=@state ORDER BY created_at DESC, id DESC";
        read.With("@value", value);
        read.With("@state", SnapshotState.BackedUp.ToString());
        using var reader = read.ExecuteReader();
        var rows = new List<SnapshotRow>();
        while (reader.Read()) rows.Add(JsonSerializer.Deserialize(reader.GetString(0), ContractsJson.Default.SnapshotRow)!);
        return rows;
    });

    private int Upsert(DbConnection connection, DbTransaction transaction, SnapshotRow row)
    {
        using var upsert = connection.CreateCommand();
        upsert.Transaction = transaction;
        upsert.CommandText = """
            INSERT INTO snapshots (id, volume_id, vm_id, account, scope, policy, state, created_at, ended, row) VALUES (@id, @volume, @vm, @account, @scope, @policy, @state, @created, @ended, @row)
            ON CONFLICT (id) DO UPDATE SET volume_id=@volume, vm_id=@vm, account=@account, scope=@scope, policy=@policy, state=@state, created_at=@created, ended=@ended, row=@row
            """;
        upsert.With("@id", row.Key.Value);
        upsert.With("@volume", row.VolumeId);
        upsert.With("@vm", row.VmId);
        upsert.With("@account", row.Account);
        upsert.With("@scope", AccountScope.Of(row.DomainId, row.Account));
        upsert.With("@policy", row.Policy);
        upsert.With("@state", row.Status.State.ToString());
        upsert.With("@created", row.CreatedAt.UtcDateTime.ToString("O"));
        upsert.With("@ended", row.Status.Ended ? 1 : 0);
        upsert.With("@row", JsonSerializer.Serialize(row, ContractsJson.Default.SnapshotRow));
        UsageLedger.Note(connection, transaction, row, _time.GetUtcNow());
        return upsert.ExecuteNonQuery();
    }

    public SnapshotRow? Find(RequestKey key) => database.Read(connection => Find(connection, null, key));

    private static SnapshotRow? Find(DbConnection connection, DbTransaction? transaction, RequestKey key)
    {
        using var read = connection.CreateCommand();
        read.Transaction = transaction;
        read.CommandText = "SELECT row FROM snapshots WHERE id=@id";
        read.With("@id", key.Value);
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
                read.With(name, value);
            }

            And("volume_id=@volume", "@volume", query.VolumeId);
            And("vm_id=@vm", "@vm", query.VmId);
            And("policy=@policy", "@policy", query.Policy);
            And("state=@state", "@state", query.State?.ToString());
            And("created_at>=@from", "@from", query.CreatedFrom?.UtcDateTime.ToString("O"));
            And("created_at<=@to", "@to", query.CreatedTo?.UtcDateTime.ToString("O"));
            if (query.Accounts is { } accounts)
            {
                where.Append(" AND scope IN (").AppendJoin(',', accounts.Select((_, i) => $"@account{i}")).Append(')');
                foreach (var (i, account) in accounts.Index()) read.With($"@account{i}", account);
            }

            if (query.After is { } after)
            {
                where.Append(" AND (created_at, id) < (@afterTime, @afterId)");
                read.With("@afterTime", after.CreatedAt.UtcDateTime.ToString("O"));
                read.With("@afterId", after.Key.Value);
            }

            read.CommandText = $"SELECT row FROM snapshots WHERE {where} ORDER BY created_at DESC, id DESC LIMIT @top";
            read.With("@top", query.Top + 1);
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

    /// <summary>Only of these scopes (see <see cref="AccountScope"/>); null: of all.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }

    public int Top { get; init; } = 100;

    public PageMark? After { get; init; }
}

/// <summary>Where a page ended.</summary>
public sealed record PageMark(DateTimeOffset CreatedAt, RequestKey Key);

/// <param name="Next">Null on the last page.</param>
public sealed record SnapshotPage(IReadOnlyList<SnapshotRow> Rows, PageMark? Next);
