namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <summary>
/// Files and folders for their owner alone: inputs and results name volumes, hosts and people. SQLite gives its journals the mode of the database
/// (https://www.sqlite.org/src/file/src/os_unix.c, findCreateFileMode).
/// </summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes what is missing of the folder's path. A folder that exists keeps the mode that its owner gave it.</summary>
    public static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    /// <summary>Opens or makes a file; one that others may read or write is taken from them.</summary>
    public static FileStream Open(string path, FileShare share)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share, BufferSize = 1 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        var file = new FileStream(path, options);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & ~OwnerOnly) != UnixFileMode.None)
            File.SetUnixFileMode(file.SafeFileHandle, OwnerOnly);
        return file;
    }
}
