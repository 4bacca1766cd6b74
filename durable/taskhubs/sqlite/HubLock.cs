using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <summary>An operating-system lock on a file beside the database; it goes with the process, however that ends.</summary>
internal sealed class HubLock : IDisposable
{
    private readonly FileStream _file;

    private HubLock(FileStream file) => _file = file;

    /// <exception cref="TaskHubInUseException">Another process, or another hub object of this one, holds it.</exception>
    public static HubLock Take(string databasePath)
    {
        try
        {
            return new HubLock(PrivateFile.Open(databasePath + ".lock", FileShare.None));
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or PathTooLongException))
        {
            throw new TaskHubInUseException(
                $"The task hub {databasePath} is in use by another process. A SQLite hub has one owner: stop that process, or use a hub that several can share.", exception);
        }
    }

    public void Dispose() => _file.Dispose();
}
