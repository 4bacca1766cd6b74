using System.Data.Common;
using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Catalog;

/// <summary>
/// What we are about to make outside, committed before the call that makes it, so that nothing of ours can exist that is not written here first.
/// SweepLeaks holds it against the inventories of array, host and store.
/// </summary>
public sealed class IntentLedger(CatalogDatabase database, TimeProvider time)
{
    /// <summary>Commits the intent. Answers false when an earlier attempt had already intended it: its outcome may be unknown.</summary>
    /// <param name="role">What it is to the request; with the key it names one thing.</param>
    /// <param name="system">solidfire, xenserver, secondary or guest.</param>
    /// <param name="scope">Cluster uuid, pool or destination.</param>
    /// <param name="marker">The name or label by which it can be found.</param>
    public bool Intend(RequestKey key, string role, string system, string scope, string marker) =>
        database.Write($"intent {role}", (connection, transaction) =>
        {
            using var find = Command(connection, transaction, "SELECT state FROM intents WHERE request_key=@key AND role=@role", key, role);
            var earlier = find.ExecuteScalar() as string;
            using var upsert = Command(
                connection,
                transaction,
                """
                INSERT INTO intents (request_key, role, system, scope, marker, state, intended_at) VALUES (@key, @role, @system, @scope, @marker, 'intended', @now)
                ON CONFLICT (request_key, role) DO UPDATE SET system=@system, scope=@scope, marker=@marker, state='intended', object_id=NULL, intended_at=@now, settled_at=NULL
                """,
                key,
                role);
            upsert.With("@system", system);
            upsert.With("@scope", scope);
            upsert.With("@marker", marker);
            upsert.With("@now", time.GetUtcNow().Stored());
            upsert.ExecuteNonQuery();
            return earlier is null or IntentStates.Gone;
        });

    /// <summary>The thing exists under this id.</summary>
    public void Made(RequestKey key, string role, string objectId) => Settle(key, role, IntentStates.Made, objectId);

    /// <summary>The thing is proven gone.</summary>
    public void Gone(RequestKey key, string role) => Settle(key, role, IntentStates.Gone, objectId: null);

    /// <summary>Everything that was intended for a request and is not proven gone.</summary>
    public IReadOnlyList<Intent> Open(RequestKey key) => [.. Of(key).Where(intent => intent.State != IntentStates.Gone)];

    /// <summary>One open intent, or null.</summary>
    public Intent? Find(RequestKey key, string role) => Last(key, role) is { State: not IntentStates.Gone } open ? open : null;

    /// <summary>One intent, be its thing gone or not; null when there never was one.</summary>
    public Intent? Last(RequestKey key, string role) => Of(key).FirstOrDefault(intent => intent.Role == role);

    /// <summary>
    /// Open intents of systems that cannot be listed (guests, paused machines) or whose things bear no mark (stores), of before a time, less those that belong to a copy which is backed up: an inventory
    /// would not show them.
    /// </summary>
    public IReadOnlyList<Intent> OpenUnlisted(DateTimeOffset before) => database.Read<IReadOnlyList<Intent>>(connection =>
    {
        using var read = connection.Command(null, """
            SELECT i.request_key, i.role, i.system, i.scope, i.marker, i.state, i.object_id, i.intended_at FROM intents i LEFT JOIN snapshots s ON s.id=i.request_key
            WHERE i.state NOT IN ('gone', 'kept') AND (i.system IN ('guest', 'secondary') OR i.role='freeze') AND i.role<>'manifest' AND i.intended_at<@before
            AND (s.state IS NULL OR s.state NOT IN ('BackedUp', 'Destroying', 'Destroyed')) ORDER BY i.intended_at
            """).With("@before", before.Stored());
        return read.All(reader => new Intent(
            new RequestKey(reader.GetString(0)), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.Text(6)) { IntendedAt = reader.Time(7) });
    });

    /// <summary>Whether a thing was ever intended in that place, gone or not.</summary>
    public bool Knows(RequestKey key, string role, string scope) => database.Read(connection =>
    {
        using var read = connection.Command(null, "SELECT COUNT(*) FROM intents WHERE request_key=@key AND role=@role AND LOWER(scope)=LOWER(@scope)").With("@key", key.Value).With("@role", role).With("@scope", scope);
        return Convert.ToInt64(read.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture) > 0;
    });

    /// <summary>The thing stays for good: what is left after the request's end is no leak.</summary>
    public void Kept(RequestKey key, string role, string objectId) => Settle(key, role, IntentStates.Kept, objectId);

    private IReadOnlyList<Intent> Of(RequestKey key) => database.Read<IReadOnlyList<Intent>>(connection =>
    {
        using var read = connection.Command(null, "SELECT role, system, scope, marker, state, object_id, intended_at, settled_at FROM intents WHERE request_key=@key ORDER BY role").With("@key", key.Value);
        return read.All(reader => new Intent(key, reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.Text(5))
        {
            IntendedAt = reader.Time(6),
            SettledAt = reader.IsDBNull(7) ? null : reader.Time(7),
        });
    });

    private void Settle(RequestKey key, string role, string state, string? objectId) =>
        database.Write($"{state} {role}", (connection, transaction) =>
        {
            using var update = Command(
                connection, transaction, "UPDATE intents SET state=@state, object_id=COALESCE(CAST(@id AS TEXT), object_id), settled_at=@now WHERE request_key=@key AND role=@role", key, role);
            update.With("@state", state);
            update.With("@id", objectId);
            update.With("@now", time.GetUtcNow().Stored());
            return update.ExecuteNonQuery();
        });

    private static DbCommand Command(DbConnection connection, DbTransaction transaction, string sql, RequestKey key, string role)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.With("@key", key.Value);
        command.With("@role", role);
        return command;
    }
}

/// <summary>One line of the ledger of intents.</summary>
public sealed record Intent(RequestKey Key, string Role, string System, string Scope, string Marker, string State, string? ObjectId)
{
    public DateTimeOffset IntendedAt { get; init; }

    /// <summary>When its state was last told: made, kept or gone; null while it is only intended.</summary>
    public DateTimeOffset? SettledAt { get; init; }
}

/// <summary>How far an intent has come.</summary>
public static class IntentStates
{
    public const string Intended = "intended";
    public const string Made = "made";
    public const string Gone = "gone";

    /// <summary>It is to stay beyond its request's end.</summary>
    public const string Kept = "kept";
}
