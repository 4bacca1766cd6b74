using Microsoft.Data.Sqlite;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;
using SnapshotWorkflows.Tests.Unit.Durable.Engine;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>What a hub does not take (PostgreSQL has no U+0000, SQLite is given rules of its own here) ends what wanted it, with the reason, and nobody else.</summary>
public sealed class UnwritableTests(PostgresServer server) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("swf-unwritable-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_turn_that_the_hub_does_not_take_ends_its_instance_and_the_others_of_its_batch_go_through()
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        await using var running = await RunningEngine.StartAsync(database, "unwritable");
        await OnlyTheBadTurnEndsAsync(running, "Unwritable");
    }

    [Fact]
    public async Task A_turn_that_SQLite_does_not_take_ends_its_instance_and_the_others_of_its_batch_go_through()
    {
        await using var running = await RunningEngine.StartAsync(await SqliteAsync(
            "CREATE TRIGGER too_long BEFORE INSERT ON history WHEN NEW.instance_id = 'bad' AND instr(NEW.events, 'ExecutionCompleted') = 0 BEGIN SELECT RAISE(ABORT, 'too long'); END"));
        await OnlyTheBadTurnEndsAsync(running, "Order");
    }

    private static async Task OnlyTheBadTurnEndsAsync(RunningEngine running, string bad)
    {
        string[] good = [.. Enumerable.Range(0, 20).Select(number => $"good{number}")];
        await Task.WhenAll(good.Append("bad").Select(id => running.Client.ScheduleNewOrchestrationInstanceAsync(id == "bad" ? bad : "Order", 1, new(id), Token)));
        await Task.WhenAll(good.Select(id => running.Client.RaiseEventAsync(id, "Go", "go", Token)));
        foreach (var id in good)
            await running.AssertEndedOnceAsync(id, Token);
        var end = await running.Client.WaitForInstanceCompletionAsync("bad", getInputsAndOutputs: true, Token);
        Assert.Equal((OrchestrationRuntimeStatus.Failed, "PoisonTurn"), (end.RuntimeStatus, end.FailureDetails!.ErrorType));
        Assert.Contains("cannot be written", end.FailureDetails.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operation_whose_outcome_the_hub_does_not_take_fails_and_the_others_of_its_batch_go_through()
    {
        var database = await server.Cluster.CreateDatabaseAsync();
        await using var running = await RunningEngine.StartAsync(database, "ledger");
        await OnlyTheBadOperationFailsAsync(running);
    }

    [Fact]
    public async Task An_operation_whose_outcome_SQLite_does_not_take_fails_and_the_others_of_its_batch_go_through()
    {
        await using var running = await RunningEngine.StartAsync(await SqliteAsync(
            "CREATE TRIGGER too_long BEFORE UPDATE ON instances WHEN instr(NEW.state, char(0)) > 0 BEGIN SELECT RAISE(ABORT, 'too long'); END"));
        await OnlyTheBadOperationFailsAsync(running);
    }

    private static async Task OnlyTheBadOperationFailsAsync(RunningEngine running)
    {
        var ledger = new EntityInstanceId("Ledger", "l");
        // The caller's operation is somewhere among fifty.
        for (var number = 0; number < 50; number++)
        {
            await running.Client.Entities.SignalEntityAsync(ledger, "Add", "x", null, Token);
            if (number == 20)
                await running.Client.ScheduleNewOrchestrationInstanceAsync("Spoils", "l", new("spoils"), Token);
        }
        await running.Client.ScheduleNewOrchestrationInstanceAsync("Order", 1, new("beside"), Token);
        await running.Client.RaiseEventAsync("beside", "Go", "go", Token);
        var end = await running.Client.WaitForInstanceCompletionAsync("spoils", getInputsAndOutputs: true, Token);
        Assert.StartsWith("\"PoisonOperation", end.SerializedOutput, StringComparison.Ordinal);
        Assert.Contains("cannot be written", end.SerializedOutput, StringComparison.Ordinal);
        await running.AssertEndedOnceAsync("beside", Token);
        await running.Client.ScheduleNewOrchestrationInstanceAsync("Reads", "l", new("reads"), Token);
        Assert.Equal("50", (await running.Client.WaitForInstanceCompletionAsync("reads", getInputsAndOutputs: true, Token)).SerializedOutput);
    }

    [Fact]
    public async Task Texts_that_no_hub_keeps_are_refused_or_mended()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator("Waits", default, () => new Code(async context => await context.WaitForExternalEvent<string>("go\0"))));
        await Assert.ThrowsAsync<ArgumentException>(() => bench.Client.ScheduleNewOrchestrationInstanceAsync("Waits", null, new StartOrchestrationOptions("half\uD800"), Token));
        await Assert.ThrowsAsync<ArgumentException>(() => bench.Client.ScheduleNewOrchestrationInstanceAsync("Wa\0its", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => bench.Client.ScheduleNewOrchestrationInstanceAsync("Waits", null, new StartOrchestrationOptions("it") { Version = "1\0" }, Token));
        await bench.StartAsync("Waits");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.Client.SuspendInstanceAsync("waits", "because\0of", Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal("because\uFFFDof", (await bench.GetAsync("waits")).Reason);
        await bench.Client.ResumeInstanceAsync("waits", "\0", Token);
        await bench.Client.RaiseEventAsync("waits", "go\0", "a\0b", Token);
        Assert.Equal("a\0b", (await bench.Engine.PumpAsync("waits", Token)).ReadOutputAs<string>());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <param name="rule">What the file does not take.</param>
    private async Task<SqliteTaskHub> SqliteAsync(string rule)
    {
        var path = Path.Combine(_folder, "hub.db");
        await using (var made = new SqliteTaskHub(path, TimeProvider.System))
            await made.OpenAsync(Token);
        await using (var connection = new SqliteConnection($"Data Source={path};Pooling=false"))
        {
            await connection.OpenAsync(Token);
            await using var command = connection.CreateCommand();
            command.CommandText = rule;
            await command.ExecuteNonQueryAsync(Token);
        }
        return new SqliteTaskHub(path, TimeProvider.System);
    }
}
