using Npgsql;
using SnapshotWorkflows.Tests.Support.Postgres;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>A running engine while its server, or the way to it, breaks: nothing is lost, nothing counts twice, and it goes on by itself.</summary>
public sealed class BrokenServerTests(PostgresServer server)
{
    /// <summary>Of the engine's log: a unit could not be written, and is tried again.</summary>
    private const int WriteFailed = 1106;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_connection_is_lost_at_every_round_trip_of_a_whole_orchestration()
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        await using var proxy = new PostgresProxy(server.Cluster.Port, "commits = $2");
        await using var running = await RunningEngine.StartAsync(new NpgsqlConnectionStringBuilder(database) { Port = proxy.Port }.ConnectionString, "cut");
        var fatal = 1;
        for (; ; fatal++)
        {
            var (id, trips, cuts) = ($"order{fatal}", proxy.Trips, proxy.Cuts);
            // Before the server hears of it and after it has done it, by turns; LostConnectionTests has both for each.
            proxy.Plan = trip => trip == trips + fatal ? (fatal % 2 == 0 ? Cut.Request : Cut.Answer) : Cut.None;
            await running.Client.ScheduleNewOrchestrationInstanceAsync("Order", 1, new(id), Token);
            await running.Client.RaiseEventAsync(id, "Go", "go", Token);
            await running.AssertEndedOnceAsync(id, Token);
            if (proxy.Cuts == cuts)
                break;
        }
        Assert.True(fatal > 12, $"{fatal} round trips");
    }

    [Fact]
    public async Task The_server_restarts_or_is_away_under_a_running_engine_and_every_instance_ends_once()
    {
        await using var own = await PostgresFixture.StartAsync();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var works = 0;
        await using var running = await RunningEngine.StartAsync(await own.CreateDatabaseAsync(), "restarted", worked: _ =>
        {
            if (Interlocked.Increment(ref works) == 40)
                begun.TrySetResult();
        });
        string[] ids = [.. Enumerable.Range(0, 60).Select(number => $"order{number}")];
        var starting = Task.WhenAll(ids.Select(id => running.Client.ScheduleNewOrchestrationInstanceAsync("Order", 1, new(id), Token)));
        await begun.Task.WaitAsync(Token);
        await own.RestartAsync();
        await starting;
        // All of them wait for this event; the next restart meets the sending.
        var raising = Task.WhenAll(ids.Select(id => running.Client.RaiseEventAsync(id, "Go", "go", Token)));
        await own.RestartAsync();
        await raising;
        foreach (var id in ids)
            await running.AssertEndedOnceAsync(id, Token);
        Assert.False(running.Engine.Completion.IsCompleted);
        await AwayAsync(own);
    }

    /// <summary>On the same server, whose start takes seconds.</summary>
    private static async Task AwayAsync(PostgresFixture own)
    {
        var (works, begun) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var log = new LogEvents();
        await using var running = await RunningEngine.StartAsync(
            await own.CreateDatabaseAsync(), "away", options => options.MaxConcurrentActivities = 8, patience: TimeSpan.FromMilliseconds(500), worked: _ =>
            {
                if (Interlocked.Increment(ref works) == 10)
                    begun.TrySetResult();
            }, log: log);
        string[] ids = [.. Enumerable.Range(0, 5).Select(number => $"wide{number}")];
        foreach (var id in ids)
            await running.Client.ScheduleNewOrchestrationInstanceAsync("Wide", 8, new(id), Token);
        await begun.Task.WaitAsync(Token);
        await own.StopServerAsync();
        // Three patiences are over, while calls end and their turns cannot be written.
        await log.SaidAsync(WriteFailed, times: 3).WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.False(running.Engine.Completion.IsCompleted);
        await own.StartServerAsync();
        foreach (var id in ids)
        {
            Assert.Equal("8", (await running.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Token)).SerializedOutput);
            Assert.Equal(8, (await running.Client.GetOrchestrationHistoryAsync(id, Token)).OfType<Durable.History.TaskCompletedEvent>().Count());
        }
    }

    [Fact]
    public async Task Two_engines_share_a_fan_out_and_each_call_counts_once()
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        await using var first = await RunningEngine.StartAsync(database, "shared");
        await using var second = await RunningEngine.StartAsync(database, "shared");
        string[] ids = [.. Enumerable.Range(0, 40).Select(number => $"order{number}")];
        await Task.WhenAll(ids.Select((id, place) => (place % 2 == 0 ? first : second).Client.ScheduleNewOrchestrationInstanceAsync("Order", 1, new(id), Token)));
        // Each event by the node that does not own the instance.
        await Task.WhenAll(ids.Select((id, place) => (place % 2 == 0 ? second : first).Client.RaiseEventAsync(id, "Go", "go", Token)));
        foreach (var id in ids)
            await second.AssertEndedOnceAsync(id, Token);
    }

    /// <summary>What it begins at once, under its new number, is not lost with what it had under the old one.</summary>
    [Fact]
    public async Task A_node_that_was_taken_for_dead_goes_on_with_what_it_has_just_begun()
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        await using var running = await RunningEngine.StartAsync(database, "again");
        await using var connection = new NpgsqlConnection(database + ";Pooling=false;Search Path=again");
        await connection.OpenAsync(Token);
        for (var round = 0; round < 5; round++)
        {
            await using (var bury = new NpgsqlCommand("UPDATE nodes SET left_at = now() WHERE left_at IS NULL", connection))
                await bury.ExecuteNonQueryAsync(Token);
            string[] ids = [.. Enumerable.Range(0, 4).Select(number => $"wide{round}-{number}")];
            await Task.WhenAll(ids.Select(id => running.Client.ScheduleNewOrchestrationInstanceAsync("Wide", 2, new(id), Token)));
            foreach (var id in ids)
                Assert.Equal("2", (await running.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Token).WaitAsync(TimeSpan.FromSeconds(20), Token)).SerializedOutput);
        }
    }

    [Fact]
    public async Task A_node_that_joins_takes_its_share_of_the_calls_that_wait_at_another()
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        var (first, second) = (0, 0);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var one = await RunningEngine.StartAsync(database, "share", options => options.MaxConcurrentActivities = 2, _ =>
        {
            Interlocked.Increment(ref first);
            begun.TrySetResult();
        });
        // All calls are the first node's: it committed them, and has two places.
        await one.Client.ScheduleNewOrchestrationInstanceAsync("Wide", 60, new("wide"), Token);
        await begun.Task.WaitAsync(Token);
        await using var two = await RunningEngine.StartAsync(database, "share", options => options.MaxConcurrentActivities = 4, _ => Interlocked.Increment(ref second));
        var end = await one.Client.WaitForInstanceCompletionAsync("wide", getInputsAndOutputs: true, Token);
        Assert.Equal("60", end.SerializedOutput);
        Assert.Equal(60, (await one.Client.GetOrchestrationHistoryAsync("wide", Token)).OfType<Durable.History.TaskCompletedEvent>().Count());
        Assert.Equal(60, first + second);
        Assert.True(second >= 20, $"{first} at the first node, {second} at the second");
    }
}
