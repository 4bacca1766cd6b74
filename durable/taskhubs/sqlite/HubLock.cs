using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <summary>
/// An operating-system lock on a file beside the database; it goes with the process, however that ends. Beside the file itself, as SQLite's journals are, not beside a symbolic link that
/// leads to it: two paths to one hub are one hub.
/// </summary>
internal sealed class HubLock : IDisposable
{
    /// <summary>As many as Linux follows (path_resolution(7)).</summary>
    private const int LinksOfAPath = 40;

    private readonly FileStream _file;

    private HubLock(FileStream file) => _file = file;

    /// <exception cref="TaskHubInUseException">Another process, or another hub object of this one, holds it.</exception>
    public static HubLock Take(string databasePath)
    {
        var path = Real(Path.GetFullPath(databasePath), LinksOfAPath) + ".lock";
        try
        {
            return new HubLock(PrivateFile.Open(path, FileShare.None));
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or PathTooLongException))
        {
            throw new TaskHubInUseException(
                $"The task hub {databasePath} is in use by another process. A SQLite hub has one owner: stop that process, or use a hub that several can share.", exception);
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>The path without links in it.</summary>
    /// <exception cref="IOException">Links that lead to each other.</exception>
    private static string Real(string path, int links)
    {
        if (Path.GetDirectoryName(path) is not { } folder)
            return path;
        if (links == 0)
            throw new IOException($"{path} is a link among too many: they lead to each other.");
        var real = Path.Combine(Real(folder, links), Path.GetFileName(path));
        return new FileInfo(real).LinkTarget is { } target ? Real(Path.GetFullPath(target, Path.GetDirectoryName(real)!), links - 1) : real;
    }
}
