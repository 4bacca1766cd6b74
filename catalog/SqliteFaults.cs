using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace SnapshotWorkflows.Catalog;

/// <summary>What SQLite's error codes (sqlite.org/rescode.html) mean to the person who has to mend it.</summary>
internal static class SqliteFaults
{
    /// <summary>A full disk is told as an I/O error too, where a journal cannot grow.</summary>
    private const long HardlyAnyRoom = 1 << 20;

    /// <summary>Null for a fault of the statement.</summary>
    public static CatalogException? Find(SqliteException failure, string path) => failure.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => Full(failure, path),
        raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN when HasNoRoom(path) => Full(failure, path),
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => Unreadable(path, failure.Message, failure),
        raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY or raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new CatalogException(
            "catalog.io", $"The catalog '{path}' cannot be used now: {failure.Message}", "Check the disk of SnapshotWorkflows:StatePath and its rights, and that no other process holds the catalog. It goes on by itself.", failure),
        _ => null,
    };

    /// <summary>As <see cref="Find"/>, where that has found something.</summary>
    public static CatalogException AtWork(SqliteException failure, string path) => Find(failure, path)!;

    /// <summary>As <see cref="Find"/>, of a catalog that is being opened: whom rights or path keep away, no second try helps.</summary>
    public static CatalogException AtOpen(SqliteException failure, string path) =>
        Find(failure, path) is { } known && (known.Code != "catalog.io" || failure.SqliteErrorCode is raw.SQLITE_IOERR or raw.SQLITE_BUSY or raw.SQLITE_LOCKED) ? known : Unreadable(path, failure.Message, failure);

    public static CatalogException Unreadable(string path, string why, Exception? failure = null) => new(
        "catalog.unreadable", $"The catalog '{path}' cannot be read: {why}", "Check the path, its rights and its disk. If the file is damaged: stop the service, 'ledger restore', then 'catalog rebuild' (docs/recovery.md).", failure);

    private static CatalogException Full(SqliteException failure, string path) => new(
        "catalog.full", $"The catalog '{path}' cannot be written: its disk is full.", "Make room on the disk of SnapshotWorkflows:StatePath. Nothing is lost, and it goes on by itself.", failure);

    private static bool HasNoRoom(string path)
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(path)).AvailableFreeSpace < HardlyAnyRoom;
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }
}
