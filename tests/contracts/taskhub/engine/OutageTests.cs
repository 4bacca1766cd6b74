using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Durable.TaskHubs.Postgres;
using SnapshotWorkflows.Tests.Support.Postgres;
using SnapshotWorkflows.Tests.Unit.Durable.Engine;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>Nodes, or their server, that are away for longer than a lease: the living keep what is theirs, and nobody goes on for long with what others may have. Real servers, hence the real clock.</summary>
public sealed class OutageTests(PostgresServer server)
{
    // Lines of the engine's log.
    private const int GoesOnAlone = 1117;
    private const int HearsOfOthers = 1118;

    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_is_back_first_after_a_restart_of_the_server_leaves_the_others_the_time_of_a_lease()
    {
        await using var own = await PostgresFixture.StartAsync();
        var database = await own.CreateDatabaseAsync();
        // Far longer than the test takes, however busy the machine is.
        var lease = TimeSpan.FromMinutes(5);
        await using var first = Hub(database, lease: lease);
        await using var late = Hub(database, lease: lease);
        await using var dead = Hub(database, lease: lease);
        foreach (var hub in (PostgresTaskHub[])[first, late, dead])
            await hub.OpenAsync(Token);
        await late.CommitAsync([Start("lates")], Token);
        await dead.CommitAsync([Start("deads")], Token);
        await first.NextNewsAsync(Token);
        var node = late.Node;
        await own.StopServerAsync();
        await own.StartServerAsync();
        // A process that starts only now looks as well, and so does the first one, more than once.
        await using var fresh = Hub(database, lease: lease);
        await fresh.OpenAsync(Token);
        Assert.Empty((await fresh.ReadPendingWorkAsync(Token)).Wakes);
        for (var look = 0; look < 3; look++)
            Assert.Empty((await first.NextNewsAsync(Token)).Wakes);
        Assert.False((await late.NextNewsAsync(Token)).Rejoined);
        Assert.Equal(node, late.Node);
        // The one that has not come back is taken over after all: here as one that has joined since the server began.
        await using (var connection = new NpgsqlConnection(database + ";Pooling=false;Search Path=snapshotworkflows"))
        {
            await connection.OpenAsync(Token);
            await using var age = new NpgsqlCommand("UPDATE nodes SET joined_at = now() + interval '1 hour' WHERE id <> ALL($1)", connection);
            age.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [first.Node, late.Node, fresh.Node] });
            Assert.Equal(1, await age.ExecuteNonQueryAsync(Token));
        }
        var taken = new List<string>();
        for (var began = TimeProvider.System.GetTimestamp(); taken.Count == 0 && TimeProvider.System.GetElapsedTime(began) < s_patience;)
            taken.AddRange((await fresh.NextNewsAsync(Token)).Wakes.Select(wake => wake.InstanceId));
        Assert.Equal(["deads"], taken);
        Assert.NotNull(await late.LoadAsync("lates", Token));
    }

    [Fact]
    public async Task Calls_of_nodes_that_cannot_reach_the_hub_for_a_lease_are_cancelled_and_run_again_when_it_is_back()
    {
        await using var own = await PostgresFixture.StartAsync();
        var database = await own.CreateDatabaseAsync();
        await using var peer = await Node.StartAsync(Hub(database), withCode: false);
        await using var one = await Node.StartAsync(Hub(database));
        await one.Client.ScheduleNewOrchestrationInstanceAsync("Copies", null, new StartOrchestrationOptions("copies"), Token);
        await one.Begun.Task.WaitAsync(s_patience, Token);
        await one.Log.SaidAsync(HearsOfOthers).WaitAsync(s_patience, Token);
        await own.StopServerAsync();
        await one.Cancelled.Task.WaitAsync(s_patience, Token);
        await own.StartServerAsync();
        var end = await one.Client.WaitForInstanceCompletionAsync("copies", getInputsAndOutputs: true, Token).WaitAsync(s_patience, Token);
        Assert.Equal("\"copied in attempt 2\"", end.SerializedOutput);
        var history = await one.Client.GetOrchestrationHistoryAsync("copies", Token);
        Assert.Empty(history.OfType<TaskFailedEvent>());
        Assert.Single(history.OfType<TaskCompletedEvent>());
    }

    [Fact]
    public async Task A_node_that_is_alone_goes_on_with_its_calls_while_the_hub_is_away()
    {
        await using var own = await PostgresFixture.StartAsync();
        await using var one = await Node.StartAsync(Hub(await own.CreateDatabaseAsync()));
        await one.Client.ScheduleNewOrchestrationInstanceAsync("Copies", null, new StartOrchestrationOptions("copies"), Token);
        await one.Begun.Task.WaitAsync(s_patience, Token);
        await own.StopServerAsync();
        await one.Log.SaidAsync(GoesOnAlone).WaitAsync(s_patience, Token);
        Assert.False(one.Cancelled.Task.IsCompleted);
        one.MayEnd.SetResult();
        await own.StartServerAsync();
        var end = await one.Client.WaitForInstanceCompletionAsync("copies", getInputsAndOutputs: true, Token).WaitAsync(s_patience, Token);
        Assert.Equal("\"copied in attempt 1\"", end.SerializedOutput);
    }

    /// <summary>No poll helps: within this test there is none.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_call_on_another_node_hears_at_once_that_it_is_to_stop(bool cancelled)
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        await using var owner = await Node.StartAsync(Hub(database, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30)), withActivity: false);
        await using var worker = await Node.StartAsync(Hub(database, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30)), withOrchestrator: false);
        await owner.Client.ScheduleNewOrchestrationInstanceAsync("Copies", null, new StartOrchestrationOptions("copies"), Token);
        await worker.Begun.Task.WaitAsync(s_patience, Token);
        if (cancelled)
            await owner.Client.RaiseEventAsync("copies", "Cancel", null, Token);
        else
            await owner.Client.TerminateInstanceAsync("copies", Token);
        await worker.Cancelled.Task.WaitAsync(s_patience, Token);
        var end = await owner.Client.WaitForInstanceCompletionAsync("copies", getInputsAndOutputs: true, Token).WaitAsync(s_patience, Token);
        Assert.Equal(cancelled ? OrchestrationRuntimeStatus.Failed : OrchestrationRuntimeStatus.Terminated, end.RuntimeStatus);
    }

    private static StartInstance Start(string id) => new(TaskHubContract.Start(id), TaskHubContract.Now, new HashSet<OrchestrationRuntimeStatus>());

    private static PostgresTaskHub Hub(string database, TimeSpan? poll = null, TimeSpan? lease = null) => new(
        new PostgresHubOptions
        {
            ConnectionString = new NpgsqlConnectionStringBuilder(database) { Timeout = 2 }.ConnectionString,
            PollInterval = poll ?? TimeSpan.FromMilliseconds(100), Lease = lease ?? s_lease, Patience = TimeSpan.FromSeconds(1),
        },
        TimeProvider.System);

    /// <summary>A process with one orchestrator, whose one call lasts until it is cancelled or may end.</summary>
    private sealed class Node : IAsyncDisposable
    {
        private readonly ServiceProvider _services;

        private Node(ITaskHub hub, bool withOrchestrator, bool withActivity)
        {
            _services = new ServiceCollection()
                .AddSingleton(TimeProvider.System)
                .AddSingleton(_ => hub)
                .AddSingleton(this)
                .AddDurableTask(
                    registry =>
                    {
                        if (withOrchestrator)
                        {
                            registry.AddOrchestrator("Copies", default, () => new Code(async context => await context.CallActivityAsync<string>(
                                "Copy", null, new TaskOptions(null, new Dictionary<string, string> { [ActivityTags.CancelOnEvent] = "Cancel" }))));
                        }
                        if (withActivity)
                            registry.AddActivity("Copy", default, services => new Copy(services.GetRequiredService<Node>(), services.GetRequiredService<IActivityExecution>()));
                    },
                    options => (options.HubRetryDelay, options.ShutdownTimeout) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2)),
                    start: false)
                .AddLogging(logging => logging.ClearProviders().AddProvider(Log))
                .BuildServiceProvider();
        }

        public DurableTaskClient Client => _services.GetRequiredService<DurableTaskClient>();

        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LogEvents Log { get; } = new();

        public TaskCompletionSource MayEnd { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static async Task<Node> StartAsync(ITaskHub hub, bool withCode = true, bool withOrchestrator = true, bool withActivity = true)
        {
            var node = new Node(hub, withCode && withOrchestrator, withCode && withActivity);
            await node._services.GetRequiredService<DurableEngine>().StartAsync(Token);
            return node;
        }

        public async ValueTask DisposeAsync()
        {
            MayEnd.TrySetResult();
            await _services.DisposeAsync();
        }
    }

    private sealed class Copy(Node node, IActivityExecution execution) : TaskActivity<string?, string>
    {
        public override async Task<string> RunAsync(TaskActivityContext context, string? input)
        {
            node.Begun.TrySetResult();
            try
            {
                if (execution.Attempt == 1)
                    await node.MayEnd.Task.WaitAsync(execution.CancellationToken);
                return $"copied in attempt {execution.Attempt}";
            }
            catch (OperationCanceledException)
            {
                node.Cancelled.TrySetResult();
                throw;
            }
        }
    }
}
