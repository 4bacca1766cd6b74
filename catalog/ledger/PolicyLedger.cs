using System.Globalization;
using System.Text.Json;
using System.Data.Common;
using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Catalog;

/// <summary>The policies, and until when each one's schedule is done.</summary>
public sealed class PolicyLedger(CatalogDatabase database, TimeProvider time)
{
    /// <summary>Stores a policy. A new or changed schedule counts from now: what it would have wanted before is not made up.</summary>
    /// <param name="expectedRevision">Null: whatever is there. 0: there must be none.</param>
    /// <returns>Null when another revision is there.</returns>
    public StoredPolicy? Put(SnapshotPolicy policy, string caller, long? expectedRevision = null) => database.Write($"policy {policy.Name}", (connection, transaction) =>
    {
        var before = Find(connection, transaction, policy.Name);
        if (expectedRevision is { } expected && expected != (before?.Revision ?? 0)) return null;
        var now = time.GetUtcNow();
        var sameSchedule = before is not null && before.Policy.Enabled && policy.Enabled && before.Policy.Schedule == policy.Schedule && before.Policy.TimeZone == policy.TimeZone;
        var stored = new StoredPolicy(policy, (before?.Revision ?? 0) + 1, now, caller, sameSchedule ? before!.DoneUntil : now, before?.LastOccurrence);
        using var put = Command(
            connection,
            transaction,
            """
            INSERT INTO policies (name, policy, revision, updated_at, updated_by, done_until) VALUES (@name, @policy, @revision, @at, @by, @until)
            ON CONFLICT (name) DO UPDATE SET policy=@policy, revision=@revision, updated_at=@at, updated_by=@by, done_until=@until
            """,
            policy.Name);
        put.With("@policy", JsonSerializer.Serialize(policy, ContractsJson.Default.SnapshotPolicy));
        put.With("@revision", stored.Revision);
        put.With("@at", Text(stored.UpdatedAt));
        put.With("@by", caller);
        put.With("@until", Text(stored.DoneUntil));
        put.ExecuteNonQuery();
        return stored;
    });

    public StoredPolicy? Find(string name) => database.Read(connection => Find(connection, null, name));

    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<StoredPolicy> List() => database.Read<IReadOnlyList<StoredPolicy>>(connection =>
    {
        using var read = connection.CreateCommand();
        read.CommandText = $"{Select} ORDER BY name";
        using var reader = read.ExecuteReader();
        var all = new List<StoredPolicy>();
        while (reader.Read()) all.Add(Read(reader));
        return all;
    });

    /// <returns>False when there was none.</returns>
    public bool Remove(string name) => database.Write($"policy {name} gone", (connection, transaction) =>
    {
        using var remove = Command(connection, transaction, "DELETE FROM policies WHERE name=@name", name);
        return remove.ExecuteNonQuery() > 0;
    });

    /// <summary>Notes that the occurrence was started. Never goes back, and not past a policy that was changed in the meantime.</summary>
    public void Done(string name, long revision, DateTimeOffset occurrence) => database.Write($"policy {name} done", (connection, transaction) =>
    {
        using var done = Command(connection, transaction, "UPDATE policies SET done_until=@until, last_occurrence=@until WHERE name=@name AND revision=@revision AND done_until<@until", name);
        done.With("@revision", revision);
        done.With("@until", Text(occurrence));
        return done.ExecuteNonQuery();
    });

    /// <summary>Takes back what a clock that was ahead has noted: the schedule counts from now.</summary>
    public void BeginAnew(string name, long revision, DateTimeOffset now) => database.Write($"policy {name} begins anew", (connection, transaction) =>
    {
        using var begin = Command(connection, transaction, "UPDATE policies SET done_until=@until WHERE name=@name AND revision=@revision AND done_until>@until", name);
        begin.With("@revision", revision);
        begin.With("@until", Text(now));
        return begin.ExecuteNonQuery();
    });

    private const string Select = "SELECT policy, revision, updated_at, updated_by, done_until, last_occurrence FROM policies";

    private static StoredPolicy? Find(DbConnection connection, DbTransaction? transaction, string name)
    {
        using var read = Command(connection, transaction, $"{Select} WHERE name=@name", name);
        using var reader = read.ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    }

    private static StoredPolicy Read(DbDataReader reader) => new(
        JsonSerializer.Deserialize(reader.GetString(0), ContractsJson.Default.SnapshotPolicy)!, reader.GetInt64(1), Time(reader.GetString(2)), reader.GetString(3), Time(reader.GetString(4)), reader.IsDBNull(5) ? null : Time(reader.GetString(5)));

    private static DbCommand Command(DbConnection connection, DbTransaction? transaction, string sql, string name)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.With("@name", name);
        return command;
    }

    // One width and one zone, so that text compares as time does.
    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(string text) => DateTimeOffset.ParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}

/// <param name="Revision">Rises with every change; from 1.</param>
/// <param name="DoneUntil">Occurrences up to here are started, or are not wanted.</param>
/// <param name="LastOccurrence">The occurrence that was started last.</param>
public sealed record StoredPolicy(SnapshotPolicy Policy, long Revision, DateTimeOffset UpdatedAt, string UpdatedBy, DateTimeOffset DoneUntil, DateTimeOffset? LastOccurrence);
