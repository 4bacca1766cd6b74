using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>Whoever waits for an end is told from memory what the hub would tell.</summary>
public sealed class WaitTests(PostgresServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_wait_tells_is_what_a_read_tells(bool withData)
    {
        await using var running = await RunningEngine.StartAsync(await server.Cluster.CreateDatabaseAsync(), "waits");
        await AssertSameAsync(running, withData);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_wait_tells_is_what_a_read_tells_on_SQLite(bool withData)
    {
        var folder = Directory.CreateTempSubdirectory("hub-").FullName;
        try
        {
            ITaskHub hub = new SqliteTaskHub(Path.Combine(folder, "hub.db"), TimeProvider.System);
            await using var running = await RunningEngine.StartAsync(hub);
            await AssertSameAsync(running, withData);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task AssertSameAsync(RunningEngine running, bool withData)
    {
        foreach (var input in (int[])[1, 2])
        {
            var options = new StartOrchestrationOptions($"moody{input}") { Tags = new Dictionary<string, string> { ["account"] = "42" } };
            await running.Client.ScheduleNewOrchestrationInstanceAsync("Moody", input, options, Token);
            var told = await running.Client.WaitForInstanceCompletionAsync(options.InstanceId!, withData, Token);
            var read = await running.Client.GetInstancesAsync(options.InstanceId!, withData, Token);
            Assert.Equal(input == 1 ? OrchestrationRuntimeStatus.Failed : OrchestrationRuntimeStatus.Completed, told.RuntimeStatus);
            Assert.Equivalent(read, told, strict: true);
            Assert.Equal(withData, told.SerializedInput is not null);
        }
    }
}
