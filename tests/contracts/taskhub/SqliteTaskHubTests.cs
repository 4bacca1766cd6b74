using Microsoft.Data.Sqlite;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;
using SnapshotWorkflows.Tests.Support.Time;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

public sealed class SqliteTaskHubTests : TaskHubContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hub-").FullName;

    private string HubPath => Path.Combine(_folder, "hub.db");

    protected override ValueTask<ITaskHub> CreateAsync() => ValueTask.FromResult<ITaskHub>(new SqliteTaskHub(HubPath, new ManualTimeProvider(Now)));

    protected override async ValueTask<ITaskHub> ReopenAsync(ITaskHub former)
    {
        await former.DisposeAsync();
        return await CreateAsync();
    }

    /// <summary>The lock goes with the process; that it was not closed in order is all that stays.</summary>
    protected override async ValueTask<ITaskHub> InheritAsync(ITaskHub dead)
    {
        await dead.DisposeAsync();
        await using (var connection = new SqliteConnection($"Data Source={HubPath};Pooling=false"))
        {
            await connection.OpenAsync(Token);
            await using var died = connection.CreateCommand();
            died.CommandText = "UPDATE hub SET in_use = 1";
            await died.ExecuteNonQueryAsync(Token);
        }
        return await CreateAsync();
    }

    protected override async Task ChangeAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={HubPath};Pooling=false");
        await connection.OpenAsync(Token);
        await using var change = connection.CreateCommand();
        change.CommandText = sql;
        await change.ExecuteNonQueryAsync(Token);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("folder/hub.db")]
    [InlineData("elsewhere/file.db")]
    [InlineData("elsewhere/deep/chain.db")]
    public async Task A_second_owner_that_comes_by_a_symbolic_link_is_refused_too(string path)
    {
        Directory.CreateSymbolicLink(Path.Combine(_folder, "folder"), ".");
        Directory.CreateDirectory(Path.Combine(_folder, "elsewhere", "deep"));
        File.CreateSymbolicLink(Path.Combine(_folder, "elsewhere", "file.db"), "../hub.db");
        File.CreateSymbolicLink(Path.Combine(_folder, "elsewhere", "deep", "chain.db"), Path.Combine(_folder, "folder", "elsewhere", "file.db"));
        await StartAsync("one");
        await using var second = new SqliteTaskHub(Path.Combine(_folder, path), new ManualTimeProvider(Now));
        await Assert.ThrowsAsync<TaskHubInUseException>(async () => await second.OpenAsync(Token));
        await Hub.DisposeAsync();
        await second.OpenAsync(Token);
        Assert.NotNull(await second.LoadAsync("one", Token));
    }

    [Fact]
    public async Task Links_that_lead_to_each_other_are_refused_as_such()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "a.db"), "b.db");
        File.CreateSymbolicLink(Path.Combine(_folder, "b.db"), "a.db");
        await using var hub = new SqliteTaskHub(Path.Combine(_folder, "a.db"), new ManualTimeProvider(Now));
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () => await hub.OpenAsync(Token));
        Assert.IsNotType<TaskHubInUseException>(refused);
    }

    [Fact]
    public async Task A_second_owner_is_refused_until_the_first_has_gone()
    {
        await using var second = await CreateAsync();
        await Assert.ThrowsAsync<TaskHubInUseException>(async () => await second.OpenAsync(Token));
        await Hub.DisposeAsync();
        await second.OpenAsync(Token);
    }

    [Fact]
    public async Task Its_files_are_for_their_owner_alone_also_those_of_an_older_program()
    {
        if (OperatingSystem.IsWindows())
            return;
        await Hub.DisposeAsync();
        File.SetUnixFileMode(HubPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await using var again = await CreateAsync();
        await again.OpenAsync(Token);
        foreach (var file in Directory.GetFiles(_folder))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.True(Directory.GetFiles(_folder).Length >= 3, "the database, its lock and its journal");
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_left_as_it_is()
    {
        await Hub.DisposeAsync();
        await ExecuteAsync("PRAGMA user_version = 99");
        await using var older = await CreateAsync();
        var refused = await Assert.ThrowsAsync<NotSupportedException>(async () => await older.OpenAsync(Token));
        Assert.Contains("schema version 99", refused.Message, StringComparison.Ordinal);
        Assert.Equal(99L, await ExecuteAsync("PRAGMA user_version"));
    }

    [Fact]
    public async Task A_newer_history_format_is_refused()
    {
        await Hub.DisposeAsync();
        await ExecuteAsync("UPDATE hub SET history_format = 2");
        await using var older = await CreateAsync();
        await Assert.ThrowsAsync<NotSupportedException>(async () => await older.OpenAsync(Token));
    }

    [Fact]
    public async Task An_owner_whose_epoch_has_passed_commits_no_turn()
    {
        await StartAsync("one");
        await ExecuteAsync("UPDATE hub SET epoch = epoch + 1");
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(Turn("one", 0))).Outcome);
    }

    [Fact]
    public async Task A_unit_that_fails_takes_the_whole_transaction_with_it()
    {
        await StartAsync("one");
        var twice = Turn("one", 0) with { Activities = [Activity("one", 0), Activity("one", 0)] };
        await Assert.ThrowsAsync<UnwritableDataException>(async () => await Hub.CommitAsync([new SendMessage("one", Raised("x")), twice], Token));
        var snapshot = (await Hub.LoadAsync("one", Token))!;
        Assert.Equal((0L, 1), (snapshot.Revision, snapshot.Inbox.Count));
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(Turn("one", 0))).Outcome);
    }

    private async Task<object?> ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={HubPath};Pooling=false");
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(Token);
    }
}
