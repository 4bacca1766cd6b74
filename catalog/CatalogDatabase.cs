using Microsoft.Data.Sqlite;

namespace SnapshotWorkflows.Catalog;

/// <summary>
/// The catalog's file: one writer, WAL, synchronous=FULL, so that what <see cref="Write"/> returned from is on disk.
/// The ledger's tables are not rebuildable; the index's are.
/// </summary>
public class CatalogDatabase : IDisposable
{
    private static readonly int SchemaVersion = Schema.Steps.Count;

    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;

    /// <param name="path">The database file; made when missing.</param>
    /// <exception cref="CatalogException">The file is of a newer version, or cannot be opened.</exception>
    public CatalogDatabase(string path)
    {
        Path = path;
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            MakePrivate(path);
            _connection.Open();
            Execute(_connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;");
            Migrate();
        }
        catch (SqliteException failure)
        {
            _connection.Dispose();
            throw new CatalogException("catalog.unreadable", $"The catalog '{path}' cannot be opened: {failure.Message}", "Check the path, its rights and its disk; restore the ledger's last backup if the file is damaged.", failure);
        }
        catch (CatalogException)
        {
            _connection.Dispose();
            throw;
        }
    }

    public string Path { get; }

    /// <summary>Reads in one consistent view.</summary>
    public T Read<T>(Func<SqliteConnection, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        lock (_gate) return read(_connection);
    }

    /// <summary>Writes in one transaction; when this returns, it is durable.</summary>
    /// <param name="what">What is written, for whoever watches commits.</param>
    public virtual T Write<T>(string what, Func<SqliteConnection, SqliteTransaction, T> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        lock (_gate)
        {
            using var transaction = _connection.BeginTransaction();
            var result = write(_connection, transaction);
            transaction.Commit();
            return result;
        }
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing) _connection.Dispose();
    }

    /// <summary>For its owner alone: rows name volumes, hosts and people. SQLite gives its journals the mode of the database.</summary>
    private static void MakePrivate(string path)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        if (OperatingSystem.IsWindows() || !Directory.Exists(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)))) return;
        if (!File.Exists(path)) new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = OwnerOnly }).Dispose();
        // By its name, not opened: closing a second handle of a file that SQLite has open would drop SQLite's locks.
        else if ((File.GetUnixFileMode(path) & ~OwnerOnly) != UnixFileMode.None) File.SetUnixFileMode(path, OwnerOnly);
    }

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private void Migrate()
    {
        using var read = _connection.CreateCommand();
        read.CommandText = "PRAGMA user_version";
        var version = Convert.ToInt32(read.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
        if (version > SchemaVersion)
        {
            throw new CatalogException("catalog.newer", $"The catalog '{Path}' has format {version}; this version knows {SchemaVersion}.", "Run the version that wrote it, or a newer one.");
        }

        if (version == SchemaVersion) return;
        using var transaction = _connection.BeginTransaction();
        using var create = _connection.CreateCommand();
        create.Transaction = transaction;
        create.CommandText = $"{string.Join('\n', Schema.Steps.Skip(version))} PRAGMA user_version={SchemaVersion};";
        create.ExecuteNonQuery();
        transaction.Commit();
    }
}
