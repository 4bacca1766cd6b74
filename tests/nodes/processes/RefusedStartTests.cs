using Microsoft.Data.Sqlite;
using Xunit;

namespace SnapshotWorkflows.Tests.Nodes;

/// <summary>What hinders a start is said in one line, with an exit code that a service manager can act upon, and no stack trace.</summary>
public sealed class RefusedStartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("swf-refused-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_second_process_on_one_file_is_refused_and_takes_over_when_the_first_was_killed()
    {
        var first = await NodeProcess.StartAsync(_folder, NodeSettings.OnSqlite());
        var (code, line) = await RefuseAsync(NodeSettings.OnSqlite());
        Assert.Equal(69, code);
        Assert.StartsWith("error taskHub.inUse: ", line, StringComparison.Ordinal);
        Assert.Contains("in use by another process", line, StringComparison.Ordinal);
        await first.KillAsync();
        first.Dispose();
        using var second = await NodeProcess.StartAsync(_folder, NodeSettings.OnSqlite());
        await second.KillAsync();
    }

    [Theory]
    [InlineData("\"hubName\":\"nodes\",\"storageProvider\":{\"type\":\"AzureStorage\"}", 78, "hostJson.invalid", "storageProvider.type is 'AzureStorage'")]
    [InlineData("\"hubName\":\"no-dashes\"", 78, "hostJson.invalid", "hubName is 'no-dashes'")]
    [InlineData("\"hubName\":\"nodes\",\"storageProvider\":{\"type\":\"postgres\",\"connectionName\":\"Nothing\"}", 78, "hostJson.invalid", "connectionName is 'Nothing'")]
    public async Task A_setting_that_cannot_be_is_refused(string durableTask, int wanted, string error, string mentions)
    {
        var (code, line) = await RefuseAsync(NodeSettings.OnSqlite(durableTask));
        Assert.Equal(wanted, code);
        Assert.StartsWith($"error {error}: ", line, StringComparison.Ordinal);
        Assert.Contains(mentions, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_said_without_the_password()
    {
        var settings = NodeSettings.OnPostgres(Path.Combine(_folder, "secrets"), "Host=127.0.0.1;Port=1;Username=someone;Password=hunter2-canary;Timeout=2", "1");
        var (code, line) = await RefuseAsync(settings);
        Assert.Equal(69, code);
        Assert.StartsWith("error taskHub.unavailable: ", line, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1", line, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "state")).FullName, "hub.db");
        await File.WriteAllTextAsync(file, new string('x', 8192), TestContext.Current.CancellationToken);
        var (code, line) = await RefuseAsync(NodeSettings.OnSqlite());
        Assert.Equal(78, code);
        Assert.StartsWith("error database.unusable: ", line, StringComparison.Ordinal);
        Assert.Contains("hub.db", line, StringComparison.Ordinal);
        Assert.Equal(8192, new FileInfo(file).Length);
    }

    [Fact]
    public async Task A_hub_of_a_newer_program_is_refused()
    {
        using (var first = await NodeProcess.StartAsync(_folder, NodeSettings.OnSqlite()))
            await first.KillAsync();
        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "state", "hub.db")};Pooling=false"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var newer = connection.CreateCommand();
            newer.CommandText = "PRAGMA user_version = 99";
            await newer.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        var (code, line) = await RefuseAsync(NodeSettings.OnSqlite());
        Assert.Equal(78, code);
        Assert.StartsWith("error taskHub.newer: ", line, StringComparison.Ordinal);
        Assert.Contains("schema version 99", line, StringComparison.Ordinal);
    }

    private async Task<(int ExitCode, string Line)> RefuseAsync(NodeSettings settings)
    {
        var (code, said) = await NodeProcess.FailAsync(_folder, settings);
        return (code, Assert.Single(said.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }
}
