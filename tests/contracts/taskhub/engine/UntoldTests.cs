using System.Diagnostics;
using Npgsql;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
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
