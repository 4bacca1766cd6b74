using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <summary>Whether a database that is open is still the file of its name. What is written to one that was removed, or that another was put in place of, is gone when it is closed.</summary>
public static partial class OpenedFile
{
    // https://sqlite.org/c3ref/c_fcntl_begin_atomic_write.html; os_unix.c, fileHasMoved, compares the inode that is open with that of the path.
    private const int HasMovedOperation = 20;

    /// <summary>False also where SQLite cannot tell: on a system without inodes, where an open file can be neither removed nor replaced.</summary>
    public static bool HasMoved(SqliteConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var moved = 0;
        return FileControl(connection.Handle!, "main", HasMovedOperation, ref moved) == SQLitePCL.raw.SQLITE_OK && moved != 0;
    }

    private static int FileControl(SQLitePCL.sqlite3 database, string name, int operation, ref int value)
    {
        var held = false;
        try
        {
            database.DangerousAddRef(ref held);
            return sqlite3_file_control(database.DangerousGetHandle(), name, operation, ref value);
        }
        finally
        {
            if (held)
                database.DangerousRelease();
        }
    }

    [LibraryImport("e_sqlite3", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int sqlite3_file_control(nint database, string name, int operation, ref int value);
}
