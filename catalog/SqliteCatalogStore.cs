using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace SnapshotWorkflows.Catalog;

/// <summary>One file, one writer, WAL, synchronous=FULL.</summary>
internal sealed class SqliteCatalogStore : ICatalogStore
{
    /// <summary>A larger file is not looked through at each start: 256 MiB take about a second.</summary>
    private const long LargestChecked = 256 << 20;

    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;

    public SqliteCatalogStore(string path, bool mustExist = false)
    {
        Place = path;
        if (mustExist && !File.Exists(path)) throw Missing();
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            MakePrivate(path);
            _connection.Open();
            // 16 MiB of pages: a year of a hundred volumes, judged at each run, is read again and again.
            _connection.Execute(null, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000; PRAGMA cache_size=-16384;");
            Check();
            Migrate(mustExist);
        }
        catch (SqliteException failure)
        {
            _connection.Dispose();
            throw SqliteFaults.AtOpen(failure, path);
        }
        catch (CatalogException)
        {
            _connection.Dispose();
            throw;
        }
    }

    public string Place { get; }

    public string CopyPath => $"{Place}.backup";

    public DateTimeOffset? Now(DbConnection connection, DbTransaction transaction) => null;

    public void Settle(DbConnection connection, DbTransaction transaction)
    {
        // AUTOINCREMENT counts from the highest id that ever was.
    }

    public T Read<T>(Func<DbConnection, T> read)
    {
        lock (_gate)
        {
            try
            {
                return read(_connection);
            }
            catch (SqliteException failure) when (SqliteFaults.Find(failure, Place) is not null)
            {
                throw SqliteFaults.AtWork(failure, Place);
            }
        }
    }

    public T Write<T>(Func<DbConnection, DbTransaction, T> write)
    {
        lock (_gate)
        {
            try
            {
                using var transaction = _connection.BeginTransaction();
                var result = write(_connection, transaction);
                transaction.Commit();
                return result;
            }
            catch (SqliteException failure) when (SqliteFaults.Find(failure, Place) is not null)
            {
                throw SqliteFaults.AtWork(failure, Place);
            }
        }
    }

    /// <summary>SQLite's online backup, under the writer's lock: a catalog is small.</summary>
    public void CopyTo(string path)
    {
        MakePrivate(path);
        using var target = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        target.Open();

        // From a connection of its own: with WAL a reader sees one state and holds up no writer, so requests do not stand still while a large file is copied.
        using (var source = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Place, Pooling = false, Mode = SqliteOpenMode.ReadWrite }.ToString()))
        {
            source.Open();
            source.BackupDatabase(target);
        }

        // One file, without a journal beside it.
        target.Execute(null, "PRAGMA journal_mode=DELETE");
    }

    /// <summary>Without a journal beside it. Nothing else can be done with it afterwards.</summary>
    public void CloseAsOneFile()
    {
        _connection.Execute(null, "PRAGMA journal_mode=DELETE");
        _connection.Dispose();
    }

    /// <summary>Waits for whoever is at work on it: a step may outlive the service's patience at its stop, and a connection is for one thread at a time.</summary>
    public void Dispose()
    {
        lock (_gate) _connection.Dispose();
    }

    /// <summary>For its owner alone: rows name volumes, hosts and people. SQLite gives its journals the mode of the database.</summary>
    private static void MakePrivate(string path)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        if (OperatingSystem.IsWindows() || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))) return;
        if (!File.Exists(path)) new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = OwnerOnly }).Dispose();
        // By its name, not opened: closing a second handle of a file that SQLite has open would drop SQLite's locks.
        else if ((File.GetUnixFileMode(path) & ~OwnerOnly) != UnixFileMode.None) File.SetUnixFileMode(path, OwnerOnly);
    }

    // A file that one may not see looks like none.
    private CatalogException Missing() => new(
        "catalog.missing", $"There is no catalog '{Place}'.",
        "Give the service's own --settings-root and SnapshotWorkflows:StatePath, and run this as the service's user; 'catalog rebuild' makes a lost catalog anew.");

    /// <summary>A damaged page is found now, and not by whoever first asks for what is on it.</summary>
    private void Check()
    {
        if (new FileInfo(Place) is not { Exists: true, Length: > 0 and <= LargestChecked }) return;
        using var check = _connection.Command(null, "PRAGMA quick_check(1)");
        if (check.ExecuteScalar() is string verdict && verdict != "ok") throw SqliteFaults.Unreadable(Place, $"it is damaged: {verdict.ReplaceLineEndings(" ")}");
    }

    private void Migrate(bool mustExist)
    {
        using var read = _connection.Command(null, "PRAGMA user_version");
        var version = Convert.ToInt32(read.ExecuteScalar(), CultureInfo.InvariantCulture);
        if (version > Schema.Version)
        {
            throw new CatalogException("catalog.newer", $"The catalog '{Place}' has format {version}; this version knows {Schema.Version}.", "Run the version that wrote it, or a newer one.");
        }

        if (version == Schema.Version) return;
        if (mustExist && version == 0) throw Missing();
        using var transaction = _connection.BeginTransaction();
        _connection.Execute(transaction, $"{string.Join('\n', Schema.Steps.Skip(version))} PRAGMA user_version={Schema.Version};");
        transaction.Commit();
    }
}
