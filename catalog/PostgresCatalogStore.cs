using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace SnapshotWorkflows.Catalog;

/// <summary>
/// The same tables on PostgreSQL, for many processes. Writers take one advisory lock and so come one after another, as with SQLite: whoever pages by a rising id misses nothing that
/// commits later. Readers are not held up.
/// </summary>
internal sealed class PostgresCatalogStore : ICatalogStore
{
    /// <summary>Of the writers' lock: "swf-cat" in ASCII.</summary>
    private const long WriterLock = 0x7377662D636174;

    private readonly NpgsqlDataSource _source;

    /// <param name="folder">This process's own, for copies.</param>
    public PostgresCatalogStore(string connectionString, string folder, bool mustExist = false)
    {
        CopyPath = Path.Combine(folder, "catalog-copy.db");
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString);
            Place = string.Create(CultureInfo.InvariantCulture, $"{settings.Host}:{settings.Port}/{settings.Database}");
            _source = NpgsqlDataSource.Create(settings);
        }
        catch (ArgumentException wrong)
        {
            // Its text may hold what stands beside the mistake: not passed on.
            throw new CatalogException("catalog.connection-string", $"Catalog:ConnectionString cannot be used ({wrong.GetType().Name}).", "Use Npgsql's form: Host=...;Port=5432;Database=...;Username=...;Password=...");
        }

        try
        {
            Migrate(mustExist);
        }
        catch (NpgsqlException failure)
        {
            _source.Dispose();
            throw new CatalogException("catalog.unreachable", $"The catalog on {Place} cannot be opened: {failure.Message}", "Check Catalog:ConnectionString, the server, and that the user may create tables in its schema.", failure);
        }
        catch (CatalogException)
        {
            _source.Dispose();
            throw;
        }
    }

    public string Place { get; }

    public string CopyPath { get; }

    public DateTimeOffset? Now(DbConnection connection, DbTransaction transaction)
    {
        using var read = connection.Command(transaction, "SELECT clock_timestamp()");
        return new DateTimeOffset(((DateTime)read.ExecuteScalar()!).ToUniversalTime());
    }

    public void Settle(DbConnection connection, DbTransaction transaction) =>
        connection.Execute(transaction, "SELECT setval(pg_get_serial_sequence('audit', 'id'), COALESCE((SELECT MAX(id) FROM audit), 0) + 1, false)");

    public T Read<T>(Func<DbConnection, T> read) => Mapped(() =>
    {
        using var connection = _source.OpenConnection();
        using var transaction = connection.BeginTransaction(System.Data.IsolationLevel.RepeatableRead);
        var result = read(connection);
        transaction.Commit();
        return result;
    });

    public T Write<T>(Func<DbConnection, DbTransaction, T> write) => Mapped(() =>
    {
        using var connection = _source.OpenConnection();
        using var transaction = connection.BeginTransaction();
        Lock(connection, transaction);
        var result = write(connection, transaction);
        transaction.Commit();
        return result;
    });

    public void Dispose() => _source.Dispose();

    private static void Lock(DbConnection connection, DbTransaction transaction) =>
        connection.Execute(transaction, string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_xact_lock({WriterLock})"));

    private T Mapped<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception failure) when (IsLost(failure))
        {
            throw new CatalogException("catalog.io", $"The catalog on {Place} cannot be used: {failure.Message}", "Check the database server and the network to it.", failure);
        }
    }

    /// <summary>A connection that breaks between being lent and being used, as when the driver clears its pool after another has broken, is told of as an object that is disposed of, or as one that is not open.</summary>
    private static bool IsLost(Exception failure) => failure
        is NpgsqlException or ObjectDisposedException || (failure is InvalidOperationException closed && closed.Message.Contains("onnection", StringComparison.Ordinal));

    private void Migrate(bool mustExist)
    {
        using var connection = _source.OpenConnection();
        using var transaction = connection.BeginTransaction();
        Lock(connection, transaction);
        if (mustExist) RequireTables(connection, transaction);
        connection.Execute(transaction, "CREATE TABLE IF NOT EXISTS catalog_format (version BIGINT NOT NULL)");
        using var read = connection.Command(transaction, "SELECT COALESCE(MAX(version), 0) FROM catalog_format");
        var version = Convert.ToInt32(read.ExecuteScalar(), CultureInfo.InvariantCulture);
        if (version > Schema.Version)
        {
            throw new CatalogException("catalog.newer", $"The catalog on {Place} has format {version}; this version knows {Schema.Version}.", "Run the version that wrote it, or a newer one.");
        }

        if (version < Schema.Version)
        {
            foreach (var step in Schema.Steps.Skip(version)) connection.Execute(transaction, Schema.ForPostgres(step));
            connection.Execute(transaction, string.Create(CultureInfo.InvariantCulture, $"DELETE FROM catalog_format; INSERT INTO catalog_format VALUES ({Schema.Version})"));
        }

        transaction.Commit();
    }

    private void RequireTables(DbConnection connection, DbTransaction transaction)
    {
        using var find = connection.Command(transaction, "SELECT to_regclass('catalog_format') IS NOT NULL");
        if (find.ExecuteScalar() is true) return;
        throw new CatalogException(
            "catalog.missing", $"There is no catalog on {Place}.",
            "Give the service's own --settings-root and Catalog:ConnectionString; 'catalog rebuild' makes a lost catalog anew.");
    }
}
