using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.TaskHubs.Postgres;
using SnapshotWorkflows.Tests.Support.Time;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>Two nodes, one of them with a wrong clock: the waits that it has begun are taken over by the other.</summary>
public sealed class ClockNodesTests(PostgresServer server)
{
    private const int Misdated = 1119;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan s_nap = TimeSpan.FromMinutes(10);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wait_that_a_node_with_a_clock_ahead_has_begun_ends_on_another_node_after_its_length()
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        var right = new ManualTimeProvider();
        var log = new LogEvents();
        await using var ahead = await NodeAsync(database, new ManualTimeProvider(right.GetUtcNow().AddDays(40)), new LogEvents());
        await NapAsync(ahead);
        await using var other = await NodeAsync(database, right, log);
        await ahead.DisposeAsync();
        await log.SaidAsync(Misdated).WaitAsync(s_patience, Token);
        right.Advance(s_nap - TimeSpan.FromSeconds(1));
        await NudgeAsync(other);
        Assert.False((await other.Client.GetInstanceAsync("nap", Token))!.IsCompleted);
        right.Advance(TimeSpan.FromSeconds(1));
        await NudgeAsync(other);
        Assert.True((await other.Client.WaitForInstanceCompletionAsync("nap", Token).WaitAsync(s_patience, Token)).IsCompleted);
    }

    /// <summary>The node whose clock is behind is the wrong one here: it must not end the other's wait before its length has passed.</summary>
    [Fact]
    public async Task A_node_whose_clock_is_behind_ends_no_wait_of_another_early()
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        var right = new ManualTimeProvider();
        var behind = new ManualTimeProvider(right.GetUtcNow().AddDays(-40));
        var log = new LogEvents();
        await using var first = await NodeAsync(database, right, new LogEvents());
        await NapAsync(first);
        await using var other = await NodeAsync(database, behind, log);
        await first.DisposeAsync();
        await log.SaidAsync(Misdated).WaitAsync(s_patience, Token);
        // Its clock is set right: by that alone no time has passed.
        behind.Jump(TimeSpan.FromDays(40));
        behind.Advance(s_nap - TimeSpan.FromSeconds(1));
        await NudgeAsync(other);
        Assert.False((await other.Client.GetInstanceAsync("nap", Token))!.IsCompleted);
        behind.Advance(TimeSpan.FromSeconds(1));
        await NudgeAsync(other);
        Assert.True((await other.Client.WaitForInstanceCompletionAsync("nap", Token).WaitAsync(s_patience, Token)).IsCompleted);
    }

    private static async Task<RunningEngine> NodeAsync(string database, TimeProvider time, LogEvents log) => await RunningEngine.StartAsync(
        new PostgresTaskHub(new PostgresHubOptions { ConnectionString = database, PollInterval = TimeSpan.FromMilliseconds(200), Lease = TimeSpan.FromSeconds(30) }, time), log: log, time: time);

    private static async Task NapAsync(RunningEngine node)
    {
        await node.Client.ScheduleNewOrchestrationInstanceAsync("Naps", s_nap, new StartOrchestrationOptions("nap"), Token);
        await node.Client.WaitForInstanceStartAsync("nap", Token).WaitAsync(s_patience, Token);
    }

    /// <summary>A turn of another instance: after it the engine has looked at its clock.</summary>
    private static async Task NudgeAsync(RunningEngine node)
    {
        var id = await node.Client.ScheduleNewOrchestrationInstanceAsync("Parcel", 1, Token);
        await node.Client.WaitForInstanceCompletionAsync(id, Token).WaitAsync(s_patience, Token);
    }
}
