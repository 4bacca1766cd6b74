using Microsoft.Data.Sqlite;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// Rows in one SQLite file. A commit is in the kernel's hands, not on the disk: it survives the end of the process, which is all a
/// simulated appliance has to survive, and costs microseconds.
/// </summary>
public sealed class SqliteStateStore : IStateStore, IDisposable
{
    private readonly Lock gate = new();
    private readonly SqliteConnection connection;

    /// <summary>Opens the file, made if missing. One process at a time.</summary>
    public SqliteStateStore(string path)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        Execute("PRAGMA journal_mode=WAL");
        Execute("PRAGMA synchronous=OFF");
        Execute("CREATE TABLE IF NOT EXISTS rows (tbl TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tbl, key)) WITHOUT ROWID");
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, string> Load(string table)
    {
        lock (gate)
        {
            using var select = connection.CreateCommand();
            select.CommandText = "SELECT key, value FROM rows WHERE tbl = $table";
            select.Parameters.AddWithValue("$table", table);
            using var reader = select.ExecuteReader();
            var rows = new Dictionary<string, string>(StringComparer.Ordinal);
            while (reader.Read())
            {
                rows.Add(reader.GetString(0), reader.GetString(1));
            }

            return rows;
        }
    }

    /// <inheritdoc />
    public void Save(IReadOnlyCollection<StateChange> changes)
    {
        lock (gate)
        {
            using var transaction = connection.BeginTransaction();
            using var put = connection.CreateCommand();
            put.Transaction = transaction;
            put.CommandText = "INSERT INTO rows (tbl, key, value) VALUES ($table, $key, $value) ON CONFLICT DO UPDATE SET value = excluded.value";
            using var remove = connection.CreateCommand();
            remove.Transaction = transaction;
            remove.CommandText = "DELETE FROM rows WHERE tbl = $table AND key = $key";
            foreach (var change in changes)
            {
                var command = change.Value is null ? remove : put;
                command.Parameters.Clear();
                command.Parameters.AddWithValue("$table", change.Table);
                command.Parameters.AddWithValue("$key", change.Key);
                if (change.Value is not null)
                {
                    command.Parameters.AddWithValue("$value", change.Value);
                }

                command.ExecuteNonQuery();
            }

            transaction.Commit();
        }
    }

    /// <inheritdoc />
    public void Dispose() => connection.Dispose();

    private void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
