using SnapshotWorkflows.App.Readiness;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>A catalog or hub whose file goes from under the running service takes every write, and loses it.</summary>
public sealed class StateFilesTests : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("swf-state-files").FullName;

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Theory]
    [InlineData("removed")]
    [InlineData("renamed")]
    [InlineData("replaced")]
    public async Task A_file_that_is_no_longer_the_one_of_its_path_is_not_ready(string what)
    {
        var (catalogFile, hubFile) = (Path.Combine(_state, "catalog.db"), Path.Combine(_state, "hub.db"));
        using var catalog = new CatalogDatabase(catalogFile);
        await using var hub = new SqliteTaskHub(hubFile, TimeProvider.System);
        await hub.OpenAsync(TestContext.Current.CancellationToken);
        Assert.Null(StateFiles.MendCatalog(catalog));
        Assert.Null(StateFiles.MendHub(hub));

        Take(catalogFile);
        // It answers all the same, and this is why it is looked for.
        new AuditTrail(catalog, TimeProvider.System).Add("who", "what", "subject", "done");
        Assert.StartsWith("catalog.replaced: ", StateFiles.MendCatalog(catalog), StringComparison.Ordinal);
        Assert.Null(StateFiles.MendHub(hub));

        Take(hubFile);
        Assert.StartsWith("taskHub.replaced: ", StateFiles.MendHub(hub), StringComparison.Ordinal);

        void Take(string path)
        {
            if (what == "removed") File.Delete(path);
            else File.Move(path, $"{path}.aside");
            if (what == "replaced") File.Copy($"{path}.aside", path);
        }
    }
}
