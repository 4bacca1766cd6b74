using System.Data.Common;
using System.Text.Json;
using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Catalog;

/// <summary>Usage records. Written with the snapshot's row, in its transaction; kept when the row's snapshot is deleted, and when the index is made anew.</summary>
public sealed class UsageLedger(CatalogDatabase database)
{
    /// <summary>Records that overlap [from, to), by snapshot id, after one.</summary>
    /// <param name="scopes">Only of these (see <see cref="AccountScope"/>); null: of all.</param>
    /// <param name="account">Only of accounts with this name, or of this scope; null: of all.</param>
    public IReadOnlyList<UsageRecord> List(DateTimeOffset from, DateTimeOffset to, IReadOnlyList<string>? scopes, string? account, string after, int top) => database.Read<IReadOnlyList<UsageRecord>>(connection =>
    {
        var among = scopes is null ? "" : $" AND scope IN ({string.Join(',', scopes.Select((_, i) => $"@scope{i}").DefaultIfEmpty("NULL"))})";
        if (account is not null) among += " AND (account=@account OR scope=@account)";
        using var read = connection.Command(null, $"""
            SELECT record FROM usage_records WHERE created_at<@to AND (deleted_at IS NULL OR deleted_at>=@from) AND snapshot_id>@after{among} ORDER BY snapshot_id LIMIT @top
            """).With("@to", to.Stored()).With("@from", from.Stored()).With("@after", after).With("@top", top);
        foreach (var (i, scope) in (scopes ?? []).Index()) read.With($"@scope{i}", scope);
        if (account is not null) read.With("@account", account);
        return read.All(reader => JsonSerializer.Deserialize(reader.GetString(0), ContractsJson.Default.UsageRecord)!);
    });

    /// <summary>Notes what a snapshot that is kept on the array occupies there at most; its record, which may come later, tells it from then on.</summary>
    public void KeptOnPrimary(string snapshotId, long bytes) => database.Write("usage on primary", (connection, transaction) =>
    {
        if (Find(connection, transaction, snapshotId) is { } record)
        {
            Put(connection, transaction, record with { PrimaryPhysicalBytes = bytes });
            return true;
        }

        using var note = connection.Command(transaction, "INSERT INTO primary_usage (snapshot_id, bytes) VALUES (@id, @bytes) ON CONFLICT (snapshot_id) DO UPDATE SET bytes=@bytes")
            .With("@id", snapshotId).With("@bytes", bytes);
        note.ExecuteNonQuery();
        return true;
    });

    /// <summary>Notes what a row says that is there, or is gone. A row of something that never came to be notes nothing.</summary>
    internal static void Note(DbConnection connection, DbTransaction transaction, SnapshotRow row, DateTimeOffset now)
    {
        var status = row.Status;
        if (status is { State: SnapshotState.Error, Ended: true })
        {
            // Its manifest is gone, or its array's snapshot: it occupies nothing any more, but what is kept beside it.
            if (row.Primary is null) Close(connection, transaction, row.Key.Uuid, now);
            else if (Find(connection, transaction, row.Key.Uuid) is { SecondaryVirtualBytes: > 0 } kept) Put(connection, transaction, kept with { SecondaryVirtualBytes = 0, SecondaryPhysicalBytes = 0 });
            return;
        }

        var onPrimaryOnly = status is { State: SnapshotState.CreatedOnPrimary, Ended: true };
        if (status.State is not (SnapshotState.BackedUp or SnapshotState.Destroyed) && !onPrimaryOnly) return;
        var before = Find(connection, transaction, row.Key.Uuid);
        if (before is null && status.State == SnapshotState.Destroyed && status.Manifest is null) return;
        // What was on the array alone, or had lost its copy, was so to its end.
        onPrimaryOnly |= status.State == SnapshotState.Destroyed && before is { SecondaryVirtualBytes: 0, PrimaryVirtualBytes: > 0 };
        var disk = status.DiskBytes ?? (onPrimaryOnly ? before?.PrimaryVirtualBytes : before?.SecondaryVirtualBytes) ?? 0;
        var record = new UsageRecord(
            row.Key.Uuid, row.VolumeId, row.Account ?? before?.Account, row.Policy ?? before?.Policy, status.Destination ?? before?.Destination,
            onPrimaryOnly ? 0 : disk, onPrimaryOnly ? 0 : status.OccupiedBytes ?? (before?.SecondaryPhysicalBytes is > 0 and var known ? known : status.StoredBytes),
            onPrimaryOnly || row.Primary is not null ? disk : before?.PrimaryVirtualBytes ?? 0,
            before?.CreatedAt ?? status.TakenAt ?? row.CreatedAt,
            // What is there again was not deleted.
            row.DeletedAt ?? (status.State == SnapshotState.Destroyed ? before?.DeletedAt : null)) { DomainId = row.DomainId ?? before?.DomainId };
        if (record.PrimaryVirtualBytes > 0) record = record with { PrimaryPhysicalBytes = before?.PrimaryPhysicalBytes ?? TakeOnPrimary(connection, transaction, record.SnapshotId) };
        if (record == before) return;
        Put(connection, transaction, record);
    }

    /// <summary>From now on it occupies nothing, or nothing of ours.</summary>
    internal static void Close(DbConnection connection, DbTransaction transaction, string id, DateTimeOffset now)
    {
        if (Find(connection, transaction, id) is { DeletedAt: null } open) Put(connection, transaction, open with { DeletedAt = now });
    }

    private static void Put(DbConnection connection, DbTransaction transaction, UsageRecord record)
    {
        using var put = connection.Command(transaction, """
            INSERT INTO usage_records (snapshot_id, account, scope, created_at, deleted_at, record) VALUES (@id, @account, @scope, @created, @deleted, @record)
            ON CONFLICT (snapshot_id) DO UPDATE SET account=@account, scope=@scope, deleted_at=@deleted, record=@record
            """)
            .With("@id", record.SnapshotId).With("@account", record.Account).With("@scope", AccountScope.Of(record.DomainId, record.Account)).With("@created", record.CreatedAt.Stored()).With("@deleted", record.DeletedAt?.Stored())
            .With("@record", JsonSerializer.Serialize(record, ContractsJson.Default.UsageRecord));
        put.ExecuteNonQuery();
    }

    /// <summary>What was noted before there was a record; the record tells it from now on.</summary>
    private static long? TakeOnPrimary(DbConnection connection, DbTransaction transaction, string id)
    {
        using var read = connection.Command(transaction, "DELETE FROM primary_usage WHERE snapshot_id=@id RETURNING bytes").With("@id", id);
        return read.ExecuteScalar() is { } bytes and not DBNull ? Convert.ToInt64(bytes, System.Globalization.CultureInfo.InvariantCulture) : null;
    }

    private static UsageRecord? Find(DbConnection connection, DbTransaction transaction, string id)
    {
        using var read = connection.Command(transaction, "SELECT record FROM usage_records WHERE snapshot_id=@id").With("@id", id);
        return read.ExecuteScalar() is string json ? JsonSerializer.Deserialize(json, ContractsJson.Default.UsageRecord) : null;
    }
}
