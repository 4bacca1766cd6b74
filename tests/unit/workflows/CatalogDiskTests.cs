using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.App;
using SnapshotWorkflows.App.Commands;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>A disk that is full, a file that is damaged, a catalog that is not there: each is told as what it is, and nothing is lost by the way back.</summary>
public sealed class CatalogDiskTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("swf-disk").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    private string State => Path.Combine(_root, "state");

    private string CatalogFile => Path.Combine(State, "catalog.db");

    public CatalogDiskTests() => Directory.CreateDirectory(State);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_full_disk_is_told_as_such_and_the_catalog_goes_on_when_there_is_room()
    {
        using var catalog = new CatalogDatabase(CatalogFile);
        Pragma(catalog, "max_page_count=1");
        var audit = new AuditTrail(catalog, TimeProvider.System);
        var full = Assert.Throws<CatalogException>(() => audit.Add("who", "what", "subject", "done", new string('x', 100_000)));
        Assert.Equal("catalog.full", full.Code);
        Assert.DoesNotContain("ledger restore", full.Remedy, StringComparison.Ordinal);
        Assert.Equal("catalog.full", Assert.Throws<CatalogException>(() => new UpkeepReports(catalog, TimeProvider.System).Save("readiness", new string('x', 100_000))).Code);

        Pragma(catalog, "max_page_count=1000000");
        audit.Add("who", "what", "subject", "done", new string('x', 100_000));
        Assert.Single(audit.List("subject", 0, 10));
    }

    [Fact]
    public void A_full_disk_and_an_io_error_at_the_start_are_tried_again_by_the_service_manager()
    {
        foreach (var code in (int[])[SQLitePCL.raw.SQLITE_FULL, SQLitePCL.raw.SQLITE_IOERR])
        {
            var told = Explanations.AtStart(SqliteFaults.AtOpen(new SqliteException("disk", code), CatalogFile))!;
            Assert.Equal(HostExitCodes.Unavailable, told.ExitCode);
            Assert.DoesNotContain("ledger restore", told.Remedy, StringComparison.Ordinal);
        }

        Assert.Equal(HostExitCodes.Configuration, Explanations.AtStart(SqliteFaults.AtOpen(new SqliteException("rights", SQLitePCL.raw.SQLITE_READONLY), CatalogFile))!.ExitCode);
        // A command meets it bare: the same code ends with the same exit code.
        var bare = Explanations.InCommand(new SqliteException("disk", SQLitePCL.raw.SQLITE_IOERR))!;
        Assert.Equal(("catalog.io", HostExitCodes.Unavailable), (bare.Code, bare.ExitCode));
        Assert.Null(SqliteFaults.Find(new SqliteException("a rule of the tables", SQLitePCL.raw.SQLITE_CONSTRAINT), CatalogFile));
    }

    [Fact]
    public void A_catalog_that_cannot_be_used_is_a_503_with_its_code_and_remedy_and_without_a_path()
    {
        var away = new CatalogUnavailability().Find(SqliteFaults.Find(new SqliteException("malformed", SQLitePCL.raw.SQLITE_CORRUPT), CatalogFile)!)!;
        Assert.Equal("catalog.unreadable", away.Code);
        Assert.Contains("ledger restore", away.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain(_root, $"{away.Detail} {away.Remedy}", StringComparison.Ordinal);
        Assert.Null(new CatalogUnavailability().Find(new InvalidOperationException()));
    }

    [Fact]
    public void A_damaged_page_is_found_when_the_catalog_is_opened()
    {
        using (var catalog = new CatalogDatabase(CatalogFile))
        {
            var audit = new AuditTrail(catalog, TimeProvider.System);
            for (var i = 0; i < 200; i++) audit.Add("who", "what", $"subject {i}", "done", new string('x', 500));
        }

        new CatalogDatabase(CatalogFile).Dispose();
        using (var file = new FileStream(CatalogFile, FileMode.Open, FileAccess.Write))
        {
            file.Position = file.Length - 8 * 4096;
            file.Write(Enumerable.Repeat((byte)0xA5, 4096).ToArray());
        }

        var damaged = Assert.Throws<CatalogException>(() => new CatalogDatabase(CatalogFile));
        Assert.Equal("catalog.unreadable", damaged.Code);
        Assert.Contains("catalog rebuild", damaged.Remedy, StringComparison.Ordinal);
        Assert.Equal(HostExitCodes.Configuration, Explanations.AtStart(damaged)!.ExitCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_service_begins_no_catalog_beside_a_hub_that_has_work(bool empty)
    {
        var settings = new ConfigurationBuilder().Build();
        await using (var hub = new SqliteTaskHub(Path.Combine(State, "hub.db"), TimeProvider.System)) await hub.OpenAsync(TestContext.Current.CancellationToken);
        Composition.OpenServed(settings, State).Dispose();
        File.Delete(CatalogFile);
        using (var hub = new SqliteConnection($"Data Source={Path.Combine(State, "hub.db")};Pooling=False"))
        {
            hub.Open();
            using var insert = hub.CreateCommand();
            insert.CommandText = "INSERT INTO instances (instance_id, execution_id, name, status, revision, open_turn, created_at, updated_at) VALUES ('i', 'e', 'SnapshotVolume', 0, 1, 0, 0, 0)";
            insert.ExecuteNonQuery();
        }

        if (empty) File.WriteAllBytes(CatalogFile, []);
        for (var i = 0; i < 2; i++)
        {
            var lost = Assert.Throws<CatalogException>(() => Composition.OpenServed(settings, State));
            Assert.Equal("catalog.lost", lost.Code);
            Assert.Contains("catalog rebuild", lost.Remedy, StringComparison.Ordinal);
        }

        Assert.Equal(empty, File.Exists(CatalogFile));
        File.Delete(CatalogFile);
        new CatalogDatabase(CatalogFile).Dispose();
        Composition.OpenServed(settings, State).Dispose();
    }

    [Fact]
    public async Task Each_restore_of_the_ledger_keeps_what_was_there_and_no_two_run_at_once()
    {
        Settings();
        Catalog(CatalogFile, "the old one");
        var backup = Path.Combine(_root, "store", LedgerBackups.Name("ours", TimeProvider.System.GetUtcNow().AddHours(-1)));
        Directory.CreateDirectory(Path.GetDirectoryName(backup)!);
        Assert.Equal(1, await RestoreLedger.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.Contains("error ledger.no-backup: ", _error.ToString(), StringComparison.Ordinal);

        Catalog(backup, "the backup");
        for (var i = 0; i < 3; i++) Assert.True(await RestoreLedger.RunAsync(["--settings-root", _root], Surroundings()) == 0, _error.ToString());
        Assert.Equal(["the old one", "the backup", "the backup"], Enumerable.Range(1, 3).Select(number => WhatIs($"{CatalogFile}.before-restore.{number}")));
        Assert.Equal("the backup", WhatIs(CatalogFile));

        using (new FileStream(Path.Combine(State, "hub.db.lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            Assert.Equal(HostExitCodes.Configuration, await RestoreLedger.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.Contains("error catalog.in-use: ", _error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists($"{CatalogFile}.before-restore.4"));
    }

    [Fact]
    public async Task A_restore_that_is_refused_leaves_nothing_of_the_ledger_behind()
    {
        Settings();
        Catalog(CatalogFile, "the old one");
        var backup = Path.Combine(_root, "store", LedgerBackups.Name("ours", TimeProvider.System.GetUtcNow().AddHours(-1)));
        Directory.CreateDirectory(Path.GetDirectoryName(backup)!);
        await File.WriteAllTextAsync(backup, "no catalog", TestContext.Current.CancellationToken);
        Assert.NotEqual(0, await RestoreLedger.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.Empty(Directory.GetFiles(State, "*.restored*"));
        Assert.Equal("the old one", WhatIs(CatalogFile));
    }

    [Fact]
    public async Task A_state_path_that_cannot_be_written_is_not_taken_for_one_that_is_in_use()
    {
        Settings();
        File.CreateSymbolicLink(Path.Combine(State, "hub.db.lock"), Path.Combine(_root, "gone", "lock"));
        Assert.Equal(HostExitCodes.Configuration, await RestoreLedger.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.Contains("error state.unwritable: ", _error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("catalog.in-use", _error.ToString(), StringComparison.Ordinal);
    }

    private static void Pragma(CatalogDatabase catalog, string pragma) => catalog.Read(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA {pragma}";
        return command.ExecuteScalar();
    });

    private static void Catalog(string path, string who)
    {
        using var catalog = new CatalogDatabase(path);
        new AuditTrail(catalog, TimeProvider.System).Add(who, "what", "subject", "done");
    }

    private static string WhatIs(string path)
    {
        using var catalog = new CatalogDatabase(path, mustExist: true);
        return Assert.Single(new AuditTrail(catalog, TimeProvider.System).List("subject", 0, 10)).Who;
    }

    private void Settings()
    {
        File.WriteAllText(Path.Combine(_root, "host.json"), """{ "version": "2.0" }""");
        File.WriteAllText(Path.Combine(_root, "local.settings.json"), """
            { "IsEncrypted": false, "Values": {
              "SnapshotWorkflows:StatePath": "state",
              "SnapshotWorkflows:Installation": "ours",
              "Secondary:Destinations:0:Name": "nfs1",
              "Secondary:Destinations:0:Path": "store",
              "Secondary:Destinations:0:Server": "127.0.0.1",
              "Secondary:Destinations:0:Export": "/export",
              "Secondary:Destinations:0:RequireMount": "false" } }
            """);
    }

    private HostSurroundings Surroundings() => new() { Environment = new Dictionary<string, string>(StringComparer.Ordinal), Output = _output, Error = _error };
}
