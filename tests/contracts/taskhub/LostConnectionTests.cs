using System.Globalization;
using Npgsql;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Durable.TaskHubs.Postgres;
using SnapshotWorkflows.Tests.Support.Postgres;
using SnapshotWorkflows.Tests.Support.Time;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>
/// The connection breaks at every round trip of a row of commits, once before the server hears of it and once after it has done it and nobody hears: the outcome is
/// unknown then, is read back, and the tables hold what they hold without any trouble.
/// </summary>
public sealed class LostConnectionTests(PostgresServer server) : IAsyncLifetime
{
    private string _database = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static DateTimeOffset Now => TaskHubContract.Now;

    public async ValueTask InitializeAsync() => _database = await server.Cluster.CreateDatabaseAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData(Cut.Request)]
    [InlineData(Cut.Answer)]
    public async Task Every_round_trip_may_be_lost_and_each_commit_counts_once(Cut kind)
    {
        var (untroubled, trips, _) = await RunAsync("calm", _ => Cut.None);
        Assert.True(trips > 10, $"{trips} round trips");
        for (var fatal = 1; fatal <= trips; fatal++)
        {
            var (rows, _, cuts) = await RunAsync($"cut{fatal}", trip => trip == fatal ? kind : Cut.None);
            Assert.Equal(1, cuts);
            Assert.Equal(untroubled, rows);
        }
    }

    [Theory]
    [InlineData(Cut.Request)]
    [InlineData(Cut.Answer)]
    public async Task The_reading_back_may_be_lost_too(Cut second)
    {
        var (untroubled, trips, _) = await RunAsync("calm", _ => Cut.None);
        for (var fatal = 3; fatal <= trips; fatal += 4)
        {
            var (rows, _, cuts) = await RunAsync($"twice{fatal}", trip => trip == fatal ? Cut.Answer : trip == fatal + 1 ? second : trip == fatal + 2 ? Cut.Answer : Cut.None);
            Assert.InRange(cuts, 2, 3);
            Assert.Equal(untroubled, rows);
        }
    }

    /// <returns>What the tables hold in the end and what each unit came to, the round trips of commits, the cuts.</returns>
    private async Task<(string Rows, int Trips, int Cuts)> RunAsync(string hubName, Func<int, Cut> plan)
    {
        await using var proxy = new PostgresProxy(server.Cluster.Port, "commits = $2") { Plan = plan };
        await using var hub = new PostgresTaskHub(
            new PostgresHubOptions
            {
                ConnectionString = new NpgsqlConnectionStringBuilder(_database) { Port = proxy.Port }.ConnectionString,
                HubName = hubName, Lease = TimeSpan.FromMinutes(5), Patience = TimeSpan.FromSeconds(20),
            },
            new ManualTimeProvider(Now));
        await hub.OpenAsync(Token);
        var said = new List<string>();
        foreach (var units in Commits())
        {
            var results = await hub.CommitAsync(units, Token);
            said.Add(string.Join(' ', results.Select(result => $"{result.Outcome}/{result.Delivered.Count}/{result.Claimed?.Attempt}/{result.Count}")));
        }
        return ($"{string.Join('\n', said)}\n{await RowsAsync(hubName)}", proxy.Trips, proxy.Cuts);
    }

    /// <summary>Something of everything, alone and together; some in one round trip, some with a look before.</summary>
    private static IEnumerable<HubWrite[]> Commits()
    {
        HashSet<OrchestrationRuntimeStatus> live = [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running];
        StartInstance Start(string id) => new(TaskHubContract.Start(id), Now, live);
        var key = TaskHubContract.Activity("one", 0).Key;
        yield return [Start("one")];
        yield return [
            TaskHubContract.Turn("one", 0) with
            {
                Activities = [TaskHubContract.Activity("one", 0), TaskHubContract.Activity("one", 1)],
                Timers = [new TimerFiredEvent { TimerId = 2, FireAt = Now.UtcDateTime.AddHours(1) }],
                Children = [TaskHubContract.Start("child", parent: "one", task: 3)],
            },
            Start("two")];
        yield return [new SendMessage("two", TaskHubContract.Raised("hello")), new SendMessage("@slots@a", Signal())];
        yield return [new ClaimActivity(key)];
        yield return [new StoreProgress(key, 2, "1")];
        yield return [new StoreCompletion(key, 2, new TaskCompletedEvent { TaskScheduledId = 0, Result = new string('x', 100_000), Timestamp = Now.UtcDateTime })];
        yield return [
            TaskHubContract.Turn("one", 1) with { ConsumedActivities = [(1, 1)], Messages = [new OutgoingMessage("two", null, TaskHubContract.Raised("again"))], CancelledTimers = [2] },
            TaskHubContract.Turn("two", 0)];
        yield return [TaskHubContract.Turn("two", 1) with { Status = OrchestrationRuntimeStatus.Completed, Output = "\"done\"" }];
        yield return [new PurgeInstance("two", Recursive: false)];
        yield return [Start("two"), new StoreDocument("timer", 0, "state")];
    }

    private static EntityOperationSignaledEvent Signal() =>
        new() { RequestId = "r", TargetInstanceId = "@slots@a", Operation = "take", Timestamp = Now.UtcDateTime };

    /// <summary>All that the hub holds, but for numbers that may have gaps.</summary>
    private async Task<string> RowsAsync(string hub)
    {
        var rows = new List<string>();
        await using var connection = new NpgsqlConnection($"{_database};Pooling=false;Search Path={hub}");
        await connection.OpenAsync(Token);
        foreach (var sql in (string[])[
            "SELECT instance_id, status, revision, open_turn, parent_id, ended_at, output FROM instances ORDER BY 1",
            "SELECT instance_id, execution_id, turn, events FROM history ORDER BY 1, 2, 3",
            "SELECT instance_id, visible_at, timer_id, CASE WHEN event LIKE '@payload%' THEN 'payload' ELSE event END FROM inbox ORDER BY sequence",
            "SELECT instance_id, task_id, attempt, owner IS NULL FROM activities ORDER BY 1, 2",
            "SELECT instance_id, task_id, attempt, data FROM progress ORDER BY 1",
            "SELECT instance_id, part, length(data) FROM payloads ORDER BY 1, 2",
            "SELECT name, revision, content FROM documents ORDER BY 1"])
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync(Token);
            while (await reader.ReadAsync(Token))
                rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(column => Convert.ToString(reader.GetValue(column), CultureInfo.InvariantCulture))));
            rows.Add("--");
        }
        return string.Join('\n', rows);
    }
}
