using System.Data.Common;

namespace SnapshotWorkflows.Catalog;

/// <summary>The catalog's tables. The ledger's are not rebuildable and are backed up; the index's are.</summary>
public class CatalogDatabase : IDisposable
{
    private readonly ICatalogStore _store;

    /// <param name="path">A SQLite file, for one process; made when missing.</param>
    /// <param name="mustExist">Not made when missing, for who has come to read what is there.</param>
    /// <exception cref="CatalogException">The file is of a newer version, or cannot be opened; <c>catalog.missing</c>: it is not there and must be.</exception>
    public CatalogDatabase(string path, bool mustExist = false) : this(new SqliteCatalogStore(path, mustExist))
    {
    }

    internal CatalogDatabase(ICatalogStore store) => _store = store;

    /// <summary>A PostgreSQL database, for any number of processes.</summary>
    /// <param name="folder">This process's own, for copies of the catalog.</param>
    /// <param name="mustExist">No tables are made where there are none.</param>
    /// <exception cref="CatalogException">It is of a newer version, or cannot be reached; <c>catalog.missing</c>: it is not there and must be.</exception>
    public static CatalogDatabase OpenPostgres(string connectionString, string folder, bool mustExist = false) => new(new PostgresCatalogStore(connectionString, folder, mustExist));

    /// <summary>Copies the catalog into a SQLite file of this machine, whole and consistent, while it is in use. One copy at a time; the caller removes it, and so does the next copy where it did not.</summary>
    public string Copy()
    {
        var path = _store.CopyPath;
        Remove(path);
        try
        {
            if (_store is SqliteCatalogStore file)
            {
                file.CopyTo(path);
                return path;
            }

            using var target = new SqliteCatalogStore(path);
            CatalogTransfer.Fill(target, _store);
            target.CloseAsOneFile();
            return path;
        }
        catch
        {
            Remove(path);
            throw;
        }
    }

    /// <summary>A SQLite file, and the journals beside it: those of another file would be taken for its own.</summary>
    public static void Remove(string path)
    {
        foreach (var suffix in (string[])["-wal", "-shm", ""]) File.Delete(path + suffix);
    }

    /// <summary>Takes all rows of a copy over. This catalog must be empty.</summary>
    /// <exception cref="CatalogException"><c>catalog.not-empty</c>; the copy is no catalog, or of a newer version.</exception>
    public void FillFrom(CatalogDatabase copy)
    {
        ArgumentNullException.ThrowIfNull(copy);
        CatalogTransfer.Fill(_store, copy._store, _store.Settle);
    }

    /// <summary>The server's clock; null where the catalog is a file of this machine.</summary>
    internal DateTimeOffset? ServerTime(DbConnection connection, DbTransaction transaction) => _store.Now(connection, transaction);

    /// <summary>Reads in one consistent view.</summary>
    public T Read<T>(Func<DbConnection, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return _store.Read(read);
    }

    /// <summary>Writes in one transaction; when this returns, it is durable.</summary>
    /// <param name="what">What is written, for whoever watches commits.</param>
    public virtual T Write<T>(string what, Func<DbConnection, DbTransaction, T> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        return _store.Write(write);
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing) _store.Dispose();
    }
}
