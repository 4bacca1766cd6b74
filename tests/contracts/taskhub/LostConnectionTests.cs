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
    private const string HubName = "lost";

    private string _database = "";
    private PostgresProxy _proxy = null!;
    private PostgresTaskHub _hub = null!;
    private int _runs;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static DateTimeOffset Now => TaskHubContract.Now;

    public async ValueTask InitializeAsync()
    {
        _proxy = new PostgresProxy(server.Cluster.Port, "commits = $2");
        await OpenAsync(schema: null);
    }

    private async Task OpenAsync(int? schema)
    {
        _database = await server.Cluster.CreateDatabaseAsync();
        _hub = new PostgresTaskHub(
            new PostgresHubOptions
            {
                ConnectionString = new NpgsqlConnectionStringBuilder(_database) { Port = _proxy.Port }.ConnectionString,
                HubName = HubName, Lease = TimeSpan.FromMinutes(5), Patience = TimeSpan.FromSeconds(20), SchemaVersion = schema,
            },
            new ManualTimeProvider(Now));
        await _hub.OpenAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _proxy.DisposeAsync();
    }

    [Theory]
    [InlineData(Cut.Request)]
    [InlineData(Cut.Answer)]
    public async Task Every_round_trip_may_be_lost_and_each_commit_counts_once(Cut kind)
    {
        var (untroubled, _) = await RunAsync(_ => Cut.None);
        var fatal = 1;
        for (; ; fatal++)
        {
            var (rows, cuts) = await RunAsync(trip => trip == fatal ? kind : Cut.None);
            Assert.Equal(untroubled, rows);
            if (cuts == 0)
                break;
        }
        Assert.True(fatal > 15, $"{fatal} round trips");
    }

    [Theory]
    [InlineData(Cut.Request)]
    [InlineData(Cut.Answer)]
    public async Task The_reading_back_may_be_lost_too(Cut second)
    {
        var (untroubled, _) = await RunAsync(_ => Cut.None);
        for (var fatal = 2; fatal < 20; fatal += 6)
        {
            var (rows, cuts) = await RunAsync(trip => trip == fatal ? Cut.Answer : trip == fatal + 1 ? second : trip == fatal + 2 ? Cut.Answer : Cut.None);
            Assert.Equal(untroubled, rows);
            Assert.InRange(cuts, 2, 3);
        }
    }

    [Fact]
    public async Task What_the_server_does_by_itself_leaves_the_rows_that_statements_left_before()
    {
        var (now, _) = await RunAsync(_ => Cut.None);
        await _hub.DisposeAsync();
        await OpenAsync(schema: 3);
        var (before, _) = await RunAsync(_ => Cut.None);
        Assert.Equal(before, now);
    }

    /// <returns>What the tables hold in the end and what each unit came to; the cuts.</returns>
    /// <summary>What a node reads and takes when it begins, round trip by round trip: the same again succeeds.</summary>
    [Theory]
    [InlineData(Cut.Request)]
    [InlineData(Cut.Answer)]
    public async Task A_node_begins_though_the_connection_breaks(Cut kind)
    {
        await _hub.CommitAsync([new StartInstance(TaskHubContract.Start("waits"), Now, new HashSet<OrchestrationRuntimeStatus>())], Token);
        for (var fatal = 1; ; fatal++)
        {
            await using var proxy = new PostgresProxy(server.Cluster.Port, "SELECT");
            await using var hub = new PostgresTaskHub(
                new PostgresHubOptions { ConnectionString = new NpgsqlConnectionStringBuilder(_database) { Port = proxy.Port }.ConnectionString, HubName = HubName, Lease = TimeSpan.FromMinutes(5), Patience = TimeSpan.FromSeconds(20) },
                new ManualTimeProvider(Now));
            await hub.OpenAsync(Token);
            var before = proxy.Trips;
            proxy.Plan = trip => trip - before == fatal ? kind : Cut.None;
            await hub.ReadPendingWorkAsync(Token);
            if (proxy.Cuts > 0)
                continue;
            Assert.True(fatal > 5, $"{fatal} round trips");
            return;
        }
    }

    private async Task<(string Rows, int Cuts)> RunAsync(Func<int, Cut> plan)
    {
        var run = $"r{_runs++}-";
        var (trips, cuts) = (_proxy.Trips, _proxy.Cuts);
        _proxy.Plan = trip => plan(trip - trips);
        var said = new List<string>();
        foreach (var units in Commits(run))
        {
            var results = await _hub.CommitAsync(units, Token);
            said.Add(string.Join(' ', results.Select(result => $"{result.Outcome}/{result.Delivered.Count}/{result.Claimed?.Attempt}/{result.Count}")));
        }
        return ($"{string.Join('\n', said)}\n{await RowsAsync(run)}".Replace(run, "", StringComparison.Ordinal), _proxy.Cuts - cuts);
    }

    /// <summary>Something of everything, alone and together; some in one round trip, some with a look before.</summary>
    private static IEnumerable<HubWrite[]> Commits(string run)
    {
        HashSet<OrchestrationRuntimeStatus> live = [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running];
        StartInstance Start(string id) => new(TaskHubContract.Start(id), Now, live);
        var (one, two, child, slots) = ($"{run}one", $"{run}two", $"{run}child", $"@slots@{run}a");
        var key = TaskHubContract.Activity(one, 0).Key;
        yield return [Start(one)];
        yield return [
            TaskHubContract.Turn(one, 0) with
            {
                Activities = [TaskHubContract.Activity(one, 0), TaskHubContract.Activity(one, 1)],
                Timers = [new TimerFiredEvent { TimerId = 2, FireAt = Now.UtcDateTime.AddHours(1) }],
                Children = [TaskHubContract.Start(child, parent: one, task: 3)],
            },
            Start(two)];
        yield return [new SendMessage(two, TaskHubContract.Raised("hello")), new SendMessage(slots, Signal(slots))];
        yield return [new ClaimActivity(key)];
        yield return [new StoreProgress(key, 2, "1")];
        yield return [new StoreCompletion(key, 2, new TaskCompletedEvent { TaskScheduledId = 0, Result = new string('x', 100_000), Timestamp = Now.UtcDateTime })];
        yield return [
            TaskHubContract.Turn(one, 1) with { ConsumedActivities = [(1, 1)], Messages = [new OutgoingMessage(two, null, TaskHubContract.Raised("again"))], CancelledTimers = [2] },
            TaskHubContract.Turn(two, 0)];
        yield return [TaskHubContract.Turn(two, 1) with { Status = OrchestrationRuntimeStatus.Completed, Output = "\"done\"" }];
        yield return [new PurgeInstance(two, Recursive: false)];
        var three = $"{run}three";
        CommitTurn Next(int task, CommitTurn turn) => turn with { ConsumedActivities = [(task, 1)], Activities = [TaskHubContract.Activity(three, task + 1)] };
        yield return [Start(three)];
        yield return [TaskHubContract.Turn(three, 0) with { Activities = [TaskHubContract.Activity(three, 0)] }];
        yield return [Next(0, TaskHubContract.Turn(three, 1))];
        yield return [Next(1, TaskHubContract.Turn(three, 2)) with { Activities = [TaskHubContract.Activity(three, 2) with { Input = new string('x', 100_000) }] }];
        yield return [
            Next(2, TaskHubContract.Turn(three, 3)) with
            {
                CustomStatus = "\"half\"", Reason = "why", Activities = [TaskHubContract.Activity(three, 3) with { Version = "2", Tags = new Dictionary<string, string> { ["a"] = "b" } }],
            }];
        yield return [Next(3, TaskHubContract.Turn(three, 4)) with { Status = OrchestrationRuntimeStatus.Suspended, OpenTurn = true }];
        // Begun with its first turn, and ended while a call, a message and a timer of it are left.
        var four = $"{run}four";
        ScheduledActivity Call(int task) => TaskHubContract.Activity(four, task) with { Claimed = true };
        yield return [Start(four) with { FirstTurn = TaskHubContract.Turn(four, 0) with { CustomStatus = "\"begun\"", Activities = [Call(0)] } }];
        yield return [TaskHubContract.Turn(four, 1) with { ConsumedActivities = [(0, 1)], Activities = [Call(1)] }];
        yield return [
            TaskHubContract.Turn(four, 2) with
            {
                Activities = [Call(2), TaskHubContract.Activity(four, 3) with { Input = new string('y', 100_000) }], Timers = [new TimerFiredEvent { TimerId = 4, FireAt = Now.UtcDateTime.AddHours(1) }],
            }];
        yield return [new SendMessage(four, TaskHubContract.Raised("late"))];
        yield return [TaskHubContract.Turn(four, 3) with { ConsumedActivities = [(1, 1)], Status = OrchestrationRuntimeStatus.Completed, Output = "\"done\"", CustomStatus = "\"over\"" }];
        // Several at once: such as say nothing of themselves, and such as do; a call that goes had a large input, and one that comes.
        var (five, six, seven, large) = ($"{run}five", $"{run}six", $"{run}seven", new string('z', 100_000));
        CommitTurn First(string id, string input) => TaskHubContract.Turn(id, 0) with { Activities = [TaskHubContract.Activity(id, 0) with { Claimed = true, Input = input }] };
        CommitTurn Second(string id, string input) =>
            TaskHubContract.Turn(id, 1) with { ConsumedActivities = [(0, 1)], Activities = [TaskHubContract.Activity(id, 1) with { Claimed = true, Input = input }] };
        yield return [Start(five) with { FirstTurn = First(five, large) }, Start(six) with { FirstTurn = First(six, "1") }, Start(seven) with { FirstTurn = First(seven, "2") }];
        yield return [Second(five, "3"), Second(six, "4"), Second(seven, large), Start($"{run}eight")];
        yield return [
            TaskHubContract.Turn(five, 2) with { ConsumedActivities = [(1, 1)], Activities = [TaskHubContract.Activity(five, 2) with { Claimed = true }] },
            TaskHubContract.Turn(six, 2) with { ConsumedActivities = [(1, 1)], CustomStatus = "\"said\"", Activities = [TaskHubContract.Activity(six, 2) with { Claimed = true }] },
            TaskHubContract.Turn(seven, 2) with { ConsumedActivities = [(1, 1)], Status = OrchestrationRuntimeStatus.Completed }];
        yield return [Start(two), new StoreDocument($"{run}timer", 0, "state")];
    }

    private static EntityOperationSignaledEvent Signal(string target) =>
        new() { RequestId = "r", TargetInstanceId = target, Operation = "take", Timestamp = Now.UtcDateTime };

    /// <summary>All that the hub holds, but for numbers that may have gaps.</summary>
    private async Task<string> RowsAsync(string run)
    {
        var rows = new List<string>();
        await using var connection = new NpgsqlConnection($"{_database};Search Path={HubName}");
        await connection.OpenAsync(Token);
        foreach (var sql in (string[])[
            "SELECT instance_id, status, revision, open_turn, parent_id, ended_at, output, custom_status, reason, owner IS NULL FROM instances WHERE instance_id LIKE '%' || $1 || '%' ORDER BY 1",
            "SELECT instance_id, execution_id, turn, events FROM history WHERE instance_id LIKE '%' || $1 || '%' ORDER BY 1, 2, 3",
            "SELECT instance_id, visible_at, timer_id, CASE WHEN event LIKE '@payload%' THEN 'payload' ELSE event END FROM inbox WHERE instance_id LIKE '%' || $1 || '%' ORDER BY sequence",
            "SELECT instance_id, task_id, attempt, owner IS NULL, name, version, CASE WHEN input LIKE '@payload%' THEN 'payload' ELSE input END, tags, cancel_requested FROM activities WHERE instance_id LIKE '%' || $1 || '%' ORDER BY 1, 2",
            "SELECT instance_id, task_id, attempt, data FROM progress WHERE instance_id LIKE '%' || $1 || '%' ORDER BY 1",
            "SELECT instance_id, part, length(data) FROM payloads WHERE instance_id LIKE '%' || $1 || '%' ORDER BY 1, 2",
            "SELECT name, revision, content FROM documents WHERE name LIKE $1 || '%' ORDER BY 1"])
        {
            await using var command = new NpgsqlCommand(sql, connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = run });
            await using var reader = await command.ExecuteReaderAsync(Token);
            while (await reader.ReadAsync(Token))
                rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(column => Convert.ToString(reader.GetValue(column), CultureInfo.InvariantCulture))));
            rows.Add("--");
        }
        return string.Join('\n', rows);
    }
}
