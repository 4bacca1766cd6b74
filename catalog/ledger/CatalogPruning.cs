using System.Globalization;
using System.Text.Json;
using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Catalog;

/// <summary>How long rows are kept that nothing asks for any more.</summary>
/// <param name="Requests">Idempotency keys; longer than instances are.</param>
/// <param name="Intents">Intents that are proven gone. What is forgotten and turns up all the same is reported, and never removed: nobody can prove that it is ours.</param>
/// <param name="Failed">Rows of snapshots that came to nothing, from their end on.</param>
/// <param name="Destroyed">Rows of deleted snapshots, from their deletion on; their usage records stay as long as the audit trail.</param>
/// <param name="Audit">The audit trail, and usage records of what is deleted.</param>
public sealed record CatalogAges(TimeSpan Requests, TimeSpan Intents, TimeSpan Failed, TimeSpan Destroyed, TimeSpan Audit);

/// <summary>
/// Forgets old rows, so that a catalog does not grow for ever. Nothing that stands for a thing that is there goes: no copy that is backed up or being deleted, none that is left on an array, no intent that is open or kept, no job under way.
/// </summary>
public sealed class CatalogPruning(CatalogDatabase database)
{
    /// <summary>So few in one transaction that no request waits for it.</summary>
    private const int Batch = 500;

    /// <returns>How many rows went.</returns>
    public int Prune(CatalogAges ages, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(ages);
        return Delete("requests", "caller, route, idempotency_key", "created_at<@before", now - ages.Requests)
            + Delete("intents", "request_key, role", $"state='{IntentStates.Gone}' AND settled_at<@before", now - ages.Intents)
            + Forget(SnapshotState.Error, row => row.Primary is null, row => row.EndedAt ?? row.CreatedAt, now - ages.Failed)
            + Forget(SnapshotState.Destroyed, _ => true, row => row.DeletedAt ?? row.CreatedAt, now - ages.Destroyed)
            + Delete("audit", "id", "at<@before", now - ages.Audit)
            + Delete("usage_records", "snapshot_id", "deleted_at<@before", now - ages.Audit);
    }

    /// <summary>Rows of snapshots by what happened to them last. Nothing ends or is deleted before it was made, so what was made since need not be read.</summary>
    /// <param name="isOver">Whether nothing of it is anywhere.</param>
    private int Forget(SnapshotState state, Func<SnapshotRow, bool> isOver, Func<SnapshotRow, DateTimeOffset> since, DateTimeOffset before)
    {
        var all = 0;
        for (var (at, id) = ("", ""); ;)
        {
            var page = database.Read(connection => connection
                .Command(null, string.Create(CultureInfo.InvariantCulture, $"SELECT created_at, id, row FROM snapshots WHERE ended=1 AND state=@state AND created_at<@before AND (created_at, id)>(@at, @id) ORDER BY created_at, id LIMIT {Batch}"))
                .With("@state", state.ToString()).With("@before", before.Stored()).With("@at", at).With("@id", id)
                .All(reader => (At: reader.GetString(0), Id: reader.GetString(1), Row: JsonSerializer.Deserialize(reader.GetString(2), ContractsJson.Default.SnapshotRow)!)));
            var old = page.Where(one => isOver(one.Row) && since(one.Row) < before).ToList();
            if (old.Count > 0)
            {
                all += database.Write("snapshots forgotten", (connection, transaction) => old.Sum(one =>
                    connection.Command(transaction, "DELETE FROM snapshots WHERE id=@id AND ended=1 AND state=@state").With("@id", one.Id).With("@state", state.ToString()).ExecuteNonQuery()));
            }

            if (page.Count < Batch) return all;
            (at, id) = (page[^1].At, page[^1].Id);
        }
    }

    private int Delete(string table, string key, string condition, DateTimeOffset before)
    {
        var all = 0;
        for (; ; )
        {
            var gone = database.Write($"{table} forgotten", (connection, transaction) =>
            {
                using var delete = connection
                    .Command(transaction, string.Create(CultureInfo.InvariantCulture, $"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {condition} LIMIT {Batch})"))
                    .With("@before", before.Stored());
                return delete.ExecuteNonQuery();
            });
            all += gone;
            if (gone < Batch) return all;
        }
    }
}
