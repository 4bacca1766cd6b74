using Microsoft.Data.Sqlite;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;

namespace SnapshotWorkflows.App.Readiness;

/// <summary>Whether catalog and hub, where they are files, are still those of the state path: one that was removed or replaced under the service answers every call, and all that it has accepted since is gone with the next stop.</summary>
internal static class StateFiles
{
    /// <returns>What to mend; null where there is nothing.</returns>
    public static string? MendCatalog(CatalogDatabase catalog) =>
        catalog.Read(connection => connection is SqliteConnection file && OpenedFile.HasMoved(file)) ? Mend("catalog.replaced", "catalog") : null;

    /// <inheritdoc cref="MendCatalog"/>
    public static string? MendHub(ITaskHub hub) => hub is SqliteTaskHub { HasMoved: true } ? Mend("taskHub.replaced", "task hub") : null;

    private static string Mend(string code, string whose) =>
        $"{code}: The file of the {whose} was removed or replaced while it is in use: what is written now is lost with the next stop. Stop the service at once, and see docs/recovery.md, A file of the state path is gone while the service runs.";
}
