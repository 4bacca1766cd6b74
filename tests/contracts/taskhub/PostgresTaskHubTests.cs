using Npgsql;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Durable.TaskHubs.Postgres;
using SnapshotWorkflows.Tests.Support.Time;
using Xunit;

[assembly: AssemblyFixture(typeof(SnapshotWorkflows.Tests.Contracts.TaskHub.PostgresServer))]

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

public sealed class PostgresTaskHubTests(PostgresServer server) : TaskHubContract
{
    private readonly List<ITaskHub> _others = [];
    private string? _database;

    protected override async ValueTask<ITaskHub> CreateAsync() => await HubAsync();

    protected override async ValueTask<ITaskHub> ReopenAsync(ITaskHub former)
    {
        await former.DisposeAsync();
        return await CreateAsync();
    }

    protected override async ValueTask<ITaskHub> InheritAsync(ITaskHub dead)
    {
        _others.Add(dead);
        await ExecuteAsync("UPDATE nodes SET lease_until = now() - interval '1 second' WHERE left_at IS NULL");
        return await CreateAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var other in _others)
            await other.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task A_schema_that_older_programs_cannot_use_is_refused_and_one_that_only_adds_is_not()
    {
        await ExecuteAsync("UPDATE hub SET version = 99");
        await OtherAsync();
        await ExecuteAsync("UPDATE hub SET oldest_reader = 99");
        var older = await HubAsync();
        var refused = await Assert.ThrowsAsync<NotSupportedException>(async () => await older.OpenAsync(Token));
        Assert.Contains("schema version 99", refused.Message, StringComparison.Ordinal);
        Assert.Equal(99, await ExecuteAsync("SELECT version FROM hub"));
    }

    [Fact]
    public async Task A_newer_history_format_is_refused()
    {
        await ExecuteAsync("UPDATE hub SET history_format = 2");
        var older = await HubAsync();
        await Assert.ThrowsAsync<NotSupportedException>(async () => await older.OpenAsync(Token));
    }

    [Fact]
    public async Task An_older_program_goes_on_while_a_newer_one_migrates()
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        await using var old = await HubAsync(schemaVersion: 1, database: database);
        await old.OpenAsync(Token);
        await old.CommitAsync([new StartInstance(Start("one"), Now, NoStatuses)], Token);
        await using var newer = await HubAsync(database: database);
        await newer.OpenAsync(Token);
        Assert.Equal(WriteOutcome.Done, (await old.CommitAsync([Turn("one", 0)], Token))[0].Outcome);
        await using var late = await HubAsync(schemaVersion: 1, database: database);
        await late.OpenAsync(Token);
        Assert.Equal(WriteOutcome.Done, (await late.CommitAsync([new StartInstance(Start("two"), Now, NoStatuses)], Token))[0].Outcome);
    }

    [Fact]
    public async Task An_instance_is_its_owners_alone_and_a_message_from_elsewhere_reaches_it_as_news()
    {
        var other = await OtherAsync();
        await StartAsync("one");
        Assert.Null(await other.LoadAsync("one", Token));
        Assert.Equal(WriteOutcome.Fenced, (await other.CommitAsync([Turn("one", 0)], Token))[0].Outcome);
        var sent = (await other.CommitAsync([new SendMessage("one", Raised("hello"))], Token))[0];
        Assert.Equal((WriteOutcome.Done, 0), (sent.Outcome, sent.Delivered.Count));
        Assert.Equal("one", Assert.Single(await NewsAsync((PostgresTaskHub)Hub, news => news.Messages)).InstanceId);
        Assert.Empty((await ((PostgresTaskHub)Hub).NextNewsAsync(Token)).Messages);
        Assert.Equal(2, (await Hub.LoadAsync("one", Token))!.Inbox.Count);
    }

    [Fact]
    public async Task Timers_are_told_to_their_own_node_and_to_whoever_could_take_them()
    {
        var other = await OtherAsync();
        await StartAsync("one");
        await WriteAsync(Turn("one", 0) with { Timers = [new TimerFiredEvent { TimerId = 1, FireAt = Now.UtcDateTime.AddHours(1), Delay = TimeSpan.FromHours(1) }] });
        Assert.Empty(await other.ReadTimersAsync(null, Now, Token));
        Assert.Empty(await other.ReadTimersAsync(["one"], Now, Token));
        Assert.Single(await Hub.ReadTimersAsync(null, Now, Token));
        await ((ISharedTaskHub)Hub).LeaveAsync(Token);
        Assert.Single(await other.ReadTimersAsync(["one"], Now, Token));
    }

    [Fact]
    public async Task A_node_that_leaves_hands_over_at_once()
    {
        var other = await OtherAsync();
        await StartAsync("one");
        await WriteAsync(Turn("one", 0) with { Activities = [Activity("one", 0)] });
        await ((ISharedTaskHub)Hub).LeaveAsync(Token);
        Assert.Equal("one", Assert.Single(await NewsAsync(other, news => news.Wakes)).InstanceId);
        Assert.NotNull(await other.LoadAsync("one", Token));
        Assert.Equal(2, (await other.CommitAsync([new ClaimActivity(Activity("one", 0).Key) { OnlyIfFree = true }], Token))[0].Claimed!.Attempt);
    }

    [Fact]
    public async Task A_zombie_is_fenced_off_in_everything_and_comes_back_as_another_node()
    {
        var zombie = (PostgresTaskHub)Hub;
        var former = zombie.Node;
        await StartAsync("one");
        await WriteAsync(Turn("one", 0) with { Activities = [Activity("one", 0)] });
        await ExecuteAsync("UPDATE nodes SET lease_until = now() - interval '1 second'");
        var other = await OtherAsync(TimeSpan.FromMinutes(5));
        Assert.NotEmpty(await NewsAsync(other, news => news.Activities));
        await other.CommitAsync([new ClaimActivity(Activity("one", 0).Key) { OnlyIfFree = true }], Token);
        Assert.Equal(WriteOutcome.Done, (await other.CommitAsync([Turn("one", 1)], Token))[0].Outcome);

        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(Turn("one", 1))).Outcome);
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(new StoreCompletion(Activity("one", 0).Key, 1, Completed()))).Outcome);
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(new StoreProgress(Activity("one", 0).Key, 1, "1"))).Outcome);
        Assert.NotEqual(former, zombie.Node);
        var news = await zombie.NextNewsAsync(Token);
        Assert.True(news.Rejoined);
        Assert.Empty(news.Held!);
        // As another node it works like any.
        Assert.Equal(WriteOutcome.Done, (await StartAsync("two")).Outcome);
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(Turn("two", 0))).Outcome);
    }

    [Fact]
    public async Task What_a_node_begins_under_its_new_number_before_it_hears_of_it_is_told_to_it_again()
    {
        var zombie = (PostgresTaskHub)Hub;
        await StartAsync("one");
        await ExecuteAsync("UPDATE nodes SET left_at = now()");
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(Turn("one", 0))).Outcome);
        await StartAsync("two");
        await WriteAsync(Turn("two", 0) with { Activities = [Activity("two", 0)] });
        await WriteAsync(new SendMessage("two", Raised("hello")));
        var news = await zombie.NextNewsAsync(Token);
        Assert.Equal((true, true), (news.Rejoined, news.IsDoubtful));
        Assert.Contains("two", news.Doubtful.Select(due => due.InstanceId));
        Assert.Equal(Activity("two", 0).Key, Assert.Single(news.Held!).Key);
    }

    [Fact]
    public async Task A_node_that_stands_still_in_the_middle_of_a_commit_keeps_nobody_from_hearing_the_others()
    {
        await StartAsync("one");
        await ExecuteAsync("UPDATE nodes SET lease_until = now() - interval '1 second'");
        await using var still = new NpgsqlConnection(_database + ";Pooling=false;Search Path=snapshotworkflows");
        await still.OpenAsync(Token);
        var transaction = await still.BeginTransactionAsync(Token);
        await using (var locks = new NpgsqlCommand("SELECT id FROM nodes FOR UPDATE", still, transaction))
            await locks.ExecuteScalarAsync(Token);
        var other = await OtherAsync();
        var third = await OtherAsync();
        await other.CommitAsync([new StartInstance(Start("two"), Now, NoStatuses)], Token);
        await third.CommitAsync([new SendMessage("two", Raised("hello"))], Token);
        Assert.Equal("two", Assert.Single(await NewsAsync(other, news => news.Messages)).InstanceId);
        Assert.Null(await other.LoadAsync("one", Token));
        await transaction.RollbackAsync(Token);
        Assert.Equal("one", Assert.Single(await NewsAsync(other, news => news.Wakes)).InstanceId);
    }

    [Fact]
    public async Task An_instance_that_no_node_can_run_ends_when_it_is_terminated()
    {
        ((PostgresTaskHub)Hub).Serve(new OnlyActivities());
        await StartAsync("one");
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(Turn("one", 0))).Outcome);
        await WriteAsync(new SendMessage("one", new ExecutionTerminatedEvent { Timestamp = Now.UtcDateTime }));
        Assert.Equal(2, (await Hub.LoadAsync("one", Token))!.Inbox.Count);
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(Turn("one", 0) with { Status = Durable.Client.OrchestrationRuntimeStatus.Terminated })).Outcome);
    }

    [Fact]
    public async Task Thousands_of_free_calls_of_one_activity_do_not_hide_the_others()
    {
        await StartAsync("one");
        var calls = Enumerable.Range(0, 9).Select(task => Activity("one", task) with { Claimed = false, Name = task < 8 ? "Copy" : "Other" });
        await WriteAsync(Turn("one", 0) with { Activities = [.. calls] });
        var few = await HubAsync(claimSize: 3);
        _others.Add(few);
        await few.OpenAsync(Token);
        var free = await NewsAsync(few, news => news.Activities);
        Assert.Equal([("Copy", 3), ("Other", 1)], free.GroupBy(one => one.Name).OrderBy(name => name.Key).Select(name => (name.Key, name.Count())));
    }

    [Fact]
    public async Task A_node_whose_lock_is_gone_is_taken_over_before_its_lease_is_over()
    {
        var other = await OtherAsync();
        await StartAsync("one");
        await TerminateAsync("pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.objid = " + ((PostgresTaskHub)Hub).Node);
        Assert.Equal("one", Assert.Single(await NewsAsync(other, news => news.Wakes)).InstanceId);
        Assert.True((await ((PostgresTaskHub)Hub).NextNewsAsync(Token)).Rejoined);
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(Turn("one", 0))).Outcome);
    }

    [Fact]
    public async Task Commits_go_on_over_killed_connections_and_each_counts_once()
    {
        await StartAsync("one");
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var killing = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
                await TerminateAsync("pg_stat_activity a WHERE a.state <> 'idle' AND a.query NOT LIKE '%pg_terminate%'");
        }, Token);
        for (var number = 0; number < 60; number++)
        {
            var results = await Hub.CommitAsync([new SendMessage("one", Raised($"event{number}"))], Token);
            Assert.Equal(WriteOutcome.Done, results[0].Outcome);
        }
        await over.CancelAsync();
        await killing;
        var names = (await Hub.LoadAsync("one", Token))?.Inbox.Select(message => (message.Event as Durable.History.EventRaisedEvent)?.Name).OfType<string>().Order(StringComparer.Ordinal)
            ?? throw new InvalidOperationException("The instance cannot be loaded.");
        Assert.Equal(Enumerable.Range(0, 60).Select(number => $"event{number}").Order(StringComparer.Ordinal), names);
    }

    [Fact]
    public async Task A_connection_string_that_does_not_fit_is_told_without_its_password()
    {
        Assert.DoesNotContain("secret", Assert.Throws<TaskHubUnavailableException>(() => new PostgresTaskHub(new PostgresHubOptions { ConnectionString = "Hosst=x;Password=secret" }, TimeProvider.System)).ToString(), StringComparison.Ordinal);
        await using var nowhere = new PostgresTaskHub(
            new PostgresHubOptions { ConnectionString = "Host=127.0.0.1;Port=1;Username=someone;Password=secret;Timeout=2" }, TimeProvider.System);
        var refused = await Assert.ThrowsAsync<TaskHubUnavailableException>(async () => await nowhere.OpenAsync(Token));
        Assert.DoesNotContain("secret", refused.ToString(), StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1", refused.Message, StringComparison.Ordinal);
    }

    private static HashSet<Durable.Client.OrchestrationRuntimeStatus> NoStatuses => [];

    private async Task<PostgresTaskHub> OtherAsync(TimeSpan? lease = null)
    {
        var other = await HubAsync(lease: lease);
        _others.Add(other);
        await other.OpenAsync(Token);
        return other;
    }

    private async Task<PostgresTaskHub> HubAsync(int? schemaVersion = null, string? database = null, TimeSpan? lease = null, int claimSize = 1000)
    {
        database ??= _database ??= await server.Cluster.CreateDatabaseAsync();
        return new PostgresTaskHub(
            new PostgresHubOptions
            {
                ConnectionString = database, SchemaVersion = schemaVersion, PollInterval = TimeSpan.FromMilliseconds(100), Lease = lease ?? TimeSpan.FromMinutes(5), ClaimSize = claimSize,
            },
            new ManualTimeProvider(Now));
    }

    private sealed class OnlyActivities : INodeTasks
    {
        public bool HasOrchestrator(string name, string? version) => false;

        public bool HasActivity(string name, string? version) => true;

        public bool HasEntity(string name) => false;
    }

    private static async Task<IReadOnlyList<T>> NewsAsync<T>(PostgresTaskHub hub, Func<HubNews, IReadOnlyList<T>> wanted)
    {
        while (true)
        {
            if (wanted(await hub.NextNewsAsync(Token)) is { Count: > 0 } found)
                return found;
        }
    }

    private Task TerminateAsync(string which) => ExecuteAsync($"SELECT count(pg_terminate_backend(a.pid)) FROM {which} AND a.datname = current_database() AND a.pid <> pg_backend_pid()");

    protected override Task ChangeAsync(string sql) => ExecuteAsync(sql);

    private async Task<object?> ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_database + ";Pooling=false;Search Path=snapshotworkflows");
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Token);
    }
}
