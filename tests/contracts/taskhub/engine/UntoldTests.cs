using System.Diagnostics;
using Npgsql;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Durable.TaskHubs.Postgres;
using SnapshotWorkflows.Tests.Support.Postgres;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>What the hub has done and a node was not told of, because the way to it broke, is found out by itself. Every break with SWF_FULL=1.</summary>
public sealed class UntoldTests(PostgresServer server)
{
    private static readonly bool s_full = Environment.GetEnvironmentVariable("SWF_FULL") == "1";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Cut.Request)]
    [InlineData(Cut.Answer)]
    public async Task A_look_for_work_breaks_at_every_round_trip_and_what_others_sent_still_counts(Cut kind)
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        await using var proxy = new PostgresProxy(server.Cluster.Port, "UPDATE inbox SET news");
        await using var owner = await RunningEngine.StartAsync(new NpgsqlConnectionStringBuilder(database) { Port = proxy.Port }.ConnectionString, "look");
        await using var other = await RunningEngine.StartAsync(database, "look");
        for (var fatal = 1; fatal <= 12; fatal += s_full ? 1 : 2)
        {
            var id = $"order{kind}{fatal}";
            await owner.Client.ScheduleNewOrchestrationInstanceAsync("Order", 1, new(id), Token);
            var trips = proxy.Trips;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            proxy.Plan = trip =>
            {
                if (trip != trips + fatal)
                    return Cut.None;
                reached.TrySetResult();
                return kind;
            };
            await other.Client.RaiseEventAsync(id, "Go", "go", Token);
            await owner.AssertEndedOnceAsync(id, Token);
            // A look comes with each poll: sooner or later the planned one is reached.
            await reached.Task.WaitAsync(Token);
        }
    }

    /// <summary>The server has done it, and is not there again before everybody has given up on it.</summary>
    [Fact]
    public async Task A_commit_is_given_up_with_its_outcome_unknown_and_what_it_began_goes_on()
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        await using var proxy = new PostgresProxy(server.Cluster.Port, "commits = $2");
        await using var running = await RunningEngine.StartAsync(
            new NpgsqlConnectionStringBuilder(database) { Port = proxy.Port }.ConnectionString, "given", patience: TimeSpan.FromMilliseconds(150));
        for (var fatal = 1; fatal <= 16; fatal += s_full ? 1 : 3)
        {
            var (id, trips, away) = ($"order{fatal}", proxy.Trips, 0L);
            // Real time: several times the patience.
            proxy.Plan = trip =>
            {
                if (trip < trips + fatal)
                    return Cut.None;
                if (trip == trips + fatal)
                {
                    away = Stopwatch.GetTimestamp();
                    return Cut.Answer;
                }
                return Stopwatch.GetElapsedTime(away) < TimeSpan.FromMilliseconds(600) ? Cut.Request : Cut.None;
            };
            await PersistAsync(() => running.Client.ScheduleNewOrchestrationInstanceAsync("Order", 1, new(id) { DedupeStatuses = Enum.GetNames<OrchestrationRuntimeStatus>() }, Token));
            await PersistAsync(() => running.Client.RaiseEventAsync(id, "Go", "go", Token));
            var end = await running.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Token);
            Assert.Equal((OrchestrationRuntimeStatus.Completed, "\"0 1 2 3 go 42\""), (end.RuntimeStatus, end.SerializedOutput));
        }
    }

    /// <summary>Of a turn that went alone no number tells whether it was made.</summary>
    [Theory]
    [InlineData(Cut.Request)]
    [InlineData(Cut.Answer)]
    public async Task A_turn_that_went_alone_is_given_up_with_its_outcome_unknown_and_the_chain_goes_on(Cut kind)
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        await using var proxy = new PostgresProxy(server.Cluster.Port, OfCommits);
        await using var running = await RunningEngine.StartAsync(
            new NpgsqlConnectionStringBuilder(database) { Port = proxy.Port }.ConnectionString, "chain", patience: TimeSpan.FromMilliseconds(150));
        // Opens the connection and prepares what is called on it.
        await running.Client.ScheduleNewOrchestrationInstanceAsync("Chain", 3, new("first"), Token);
        await running.Client.WaitForInstanceCompletionAsync("first", Token);
        for (var fatal = 2; fatal <= 4; fatal++)
        {
            var (id, trips, away) = ($"chain{fatal}", proxy.Trips, 0L);
            // Real time: several times the patience.
            proxy.Plan = trip =>
            {
                if (trip < trips + fatal)
                    return Cut.None;
                if (trip == trips + fatal)
                {
                    away = Stopwatch.GetTimestamp();
                    return kind;
                }
                return Stopwatch.GetElapsedTime(away) < TimeSpan.FromMilliseconds(600) ? Cut.Request : Cut.None;
            };
            await PersistAsync(() => running.Client.ScheduleNewOrchestrationInstanceAsync("Chain", 5, new(id) { DedupeStatuses = Enum.GetNames<OrchestrationRuntimeStatus>() }, Token));
            var end = await running.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
            Assert.Equal((OrchestrationRuntimeStatus.Completed, "5"), (end.RuntimeStatus, end.SerializedOutput));
            Assert.Equal(5, (await running.Client.GetOrchestrationHistoryAsync(id, Token)).OfType<TaskCompletedEvent>().Count());
        }
    }

    [Theory]
    [InlineData(Cut.Request)]
    [InlineData(Cut.Answer)]
    public async Task A_turn_that_was_given_up_is_looked_for_and_comes_no_more(Cut kind)
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        await using var proxy = new PostgresProxy(server.Cluster.Port, OfCommits);
        await using var hub = new PostgresTaskHub(
            new PostgresHubOptions
            {
                ConnectionString = new NpgsqlConnectionStringBuilder(database) { Port = proxy.Port }.ConnectionString, HubName = "alone", Lease = TimeSpan.FromMinutes(5), Patience = TimeSpan.FromMilliseconds(150),
            },
            TimeProvider.System);
        await hub.OpenAsync(Token);
        Assert.False((await hub.NextNewsAsync(Token)).IsDoubtful);
        await hub.CommitAsync(
            [
                new StartInstance(TaskHubContract.Start("one"), TaskHubContract.Now, new HashSet<OrchestrationRuntimeStatus>())
                {
                    FirstTurn = TaskHubContract.Turn("one", 0) with { Activities = [TaskHubContract.Activity("one", 0) with { Claimed = true }] },
                },
            ],
            Token);
        var trips = proxy.Trips;
        proxy.Plan = trip => trip == trips + 1 ? kind : Cut.Request;
        await Assert.ThrowsAsync<TaskHubUnavailableException>(async () => await hub.CommitAsync(
            [TaskHubContract.Turn("one", 1) with { ConsumedActivities = [(0, 1)], Activities = [TaskHubContract.Activity("one", 1) with { Claimed = true }] }], Token));
        proxy.Plan = _ => Cut.None;

        var news = await hub.NextNewsAsync(Token);
        Assert.True(news.IsDoubtful);
        Assert.Equal(kind == Cut.Answer ? 1 : 0, Assert.Single(news.Held!).Key.TaskId);
        // As where it was on its way all the time.
        await using var late = new NpgsqlConnection(database + ";Pooling=false;Search Path=alone");
        await late.OpenAsync(Token);
        await using var turn = new NpgsqlCommand($"SELECT next_turn({hub.Node}, 'one', 'run-one', 1, 0, false, 0, NULL, NULL, 0, 1, 1, '[]', 1, 'Copy', NULL, NULL, NULL)", late);
        Assert.Equal(PostgresErrorCodes.DivisionByZero, (await Assert.ThrowsAsync<PostgresException>(() => turn.ExecuteNonQueryAsync(Token))).SqlState);
    }

    /// <summary>Seen as soon as the connection for commits is opened, so that all of its round trips count.</summary>
    private const string OfCommits = "set_config(name";

    /// <summary>As a client does that was told nothing certain.</summary>
    private static async Task PersistAsync(Func<Task> send)
    {
        while (true)
        {
            try
            {
                await send();
                return;
            }
            catch (OrchestrationAlreadyExistsException)
            {
                return;
            }
            catch (TaskHubUnavailableException)
            {
                // The hub has had its patience: asked again at once.
            }
        }
    }
}
