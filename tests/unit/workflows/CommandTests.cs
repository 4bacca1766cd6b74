using SnapshotWorkflows.App;
using SnapshotWorkflows.App.Commands;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>Commands work on the service's files wherever they are started (this process stands in another folder than the settings), and begin no catalog where they came to read one.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("commands").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Fact]
    public async Task A_command_from_another_folder_sees_the_services_catalog()
    {
        Settings("state");
        using (var catalog = new CatalogDatabase(Path.Combine(Directory.CreateDirectory(Path.Combine(_root, "state")).FullName, "catalog.db")))
            new AuditTrail(catalog, TimeProvider.System).Add("who", "policy.put", "nightly", "done");

        Assert.Equal(0, await ExportAudit.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.Contains("\"what\":\"policy.put\"", _output.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await HashCatalog.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.EndsWith(" 0 copies", _output.ToString().TrimEnd(), StringComparison.Ordinal);
        Assert.False(Directory.Exists("state"));
    }

    [Fact]
    public async Task A_catalog_that_is_not_there_is_refused_and_not_begun()
    {
        Settings("elsewhere");
        Assert.Equal(HostExitCodes.Configuration, await HashCatalog.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.Equal(HostExitCodes.Configuration, await ExportAudit.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.Equal(2, _error.ToString().Split("error catalog.missing: ").Length - 1);
        Assert.False(Directory.Exists(Path.Combine(_root, "elsewhere")));

        // What a start that died at once leaves is no catalog either.
        File.WriteAllBytes(Path.Combine(Directory.CreateDirectory(Path.Combine(_root, "elsewhere")).FullName, "catalog.db"), []);
        Assert.Equal(HostExitCodes.Configuration, await HashCatalog.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public async Task Without_a_state_path_the_hosts_own_is_taken_where_a_service_has_made_it_and_refused_otherwise()
    {
        Settings(null);
        Assert.Equal(HostExitCodes.Configuration, await RebuildCatalog.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.Contains("error state.not-set: ", _error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_root, ".state")));

        new CatalogDatabase(Path.Combine(Directory.CreateDirectory(Path.Combine(_root, ".state")).FullName, "catalog.db")).Dispose();
        Assert.Equal(0, await HashCatalog.RunAsync(["--settings-root", _root], Surroundings()));
    }

    [Fact]
    public async Task A_rebuild_begins_the_catalog_that_the_service_will_open_and_reads_the_store_where_the_service_has_it()
    {
        Settings("state");
        Directory.CreateDirectory(Path.Combine(_root, "store"));
        Assert.Equal(0, await RebuildCatalog.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.True(File.Exists(Path.Combine(_root, "state", "catalog.db")), _error.ToString());
        Assert.Equal(0, await HashCatalog.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.False(Directory.Exists("store"));

        using (new FileStream(Path.Combine(_root, "state", "hub.db.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
            Assert.Equal(HostExitCodes.Configuration, await RebuildCatalog.RunAsync(["--settings-root", _root], Surroundings()));
        Assert.Contains("error catalog.in-use: ", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_line_that_is_wrong_is_a_64()
    {
        Settings("state");
        Assert.Equal(HostExitCodes.Usage, await HashCatalog.RunAsync(["--settings-rot", _root], Surroundings()));
        Assert.Equal(HostExitCodes.Usage, await RestoreFile.RunAsync(["--settings-root", _root, "--snapshot", "x"], Surroundings()));
    }

    [Fact]
    public void The_program_tells_its_version_and_that_of_its_orchestrators()
    {
        Assert.Equal(0, typeof(Composition).Assembly.EntryPoint!.Invoke(null, [new[] { "--version" }]));
        Assert.Equal(0, ShowVersion.Print(_output));
        Assert.Matches(@"^SnapshotWorkflows \d+\.\d+\.\d+(\+\w+)?, orchestrators \d+\.\d+\s*$", _output.ToString());
    }

    [Fact]
    public void Every_path_of_the_settings_is_meant_from_the_settings_root()
    {
        Settings(null);
        string[] keys = [.. AppSettings.Paths.Select(path => path.Replace("*", "1", StringComparison.Ordinal))];
        var relative = FunctionsHost.CreateBuilder(["--settings-root", _root], Surroundings([.. keys.Select(key => (key.Replace(":", "__", StringComparison.Ordinal), "some/where"))]));
        var settings = AppSettings.Read(relative);
        Assert.All(keys, key => Assert.Equal(Path.Combine(_root, "some/where"), settings[key]));
        var absolute = FunctionsHost.CreateBuilder(["--settings-root", _root], Surroundings([.. keys.Select(key => (key.Replace(":", "__", StringComparison.Ordinal), "/some/where"))]));
        settings = AppSettings.Read(absolute);
        Assert.All(keys, key => Assert.Equal("/some/where", settings[key]));
    }

    [Fact]
    public void No_setting_that_names_a_file_or_folder_is_forgotten()
    {
        string[] rooms = ["SnapshotWorkflows.SolidFire", "SnapshotWorkflows.XenServer", "SnapshotWorkflows.CloudStack", "SnapshotWorkflows.Secondary", "SnapshotWorkflows.Activities", "SnapshotWorkflows.Functions.Triggers", "SnapshotWorkflows.App"];
        var named = rooms.SelectMany(room => System.Reflection.Assembly.Load(room).GetTypes())
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal))
            .SelectMany(type => type.GetProperties())
            .Where(property => property is { CanWrite: true } && property.PropertyType == typeof(string) && property.SetMethod is { IsPublic: true })
            .Select(property => property.Name)
            .Where(name => name.EndsWith("Path", StringComparison.Ordinal) || name.EndsWith("Folder", StringComparison.Ordinal) || name.EndsWith("File", StringComparison.Ordinal) || name.EndsWith("Authority", StringComparison.Ordinal))
            .Distinct().ToList();
        Assert.Contains("CertificateAuthority", named);
        Assert.All(named, name => Assert.Contains(AppSettings.Paths, path => path.EndsWith($":{name}", StringComparison.Ordinal)));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Settings(string? state)
    {
        File.WriteAllText(Path.Combine(_root, "host.json"), """{ "version": "2.0" }""");
        var path = state is null ? "" : $$"""
            "SnapshotWorkflows:StatePath": "{{state}}",
            """;
        File.WriteAllText(Path.Combine(_root, "local.settings.json"), $$"""
            { "IsEncrypted": false, "Values": {
              {{path}}
              "SnapshotWorkflows:Installation": "ours",
              "Secondary:Destinations:0:Name": "nfs1",
              "Secondary:Destinations:0:Path": "store",
              "Secondary:Destinations:0:Server": "127.0.0.1",
              "Secondary:Destinations:0:Export": "/export",
              "Secondary:Destinations:0:RequireMount": "false" } }
            """);
    }

    private HostSurroundings Surroundings(params IEnumerable<(string Name, string Value)> environment) => new()
    {
        Environment = environment.ToDictionary(one => one.Name, one => one.Value, StringComparer.Ordinal),
        Output = _output,
        Error = _error,
    };
}
