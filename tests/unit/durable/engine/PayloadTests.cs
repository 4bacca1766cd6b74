using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Replay;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class PayloadTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Large_payloads_come_back_unchanged_after_a_restart_and_go_with_a_purge()
    {
        var large = string.Concat(Enumerable.Range(0, 60_000).Select(one => $"{one} "));
        await using var bench = Bench();
        await bench.StartAsync("Echo", large);
        await bench.Client.RaiseEventAsync("echo", "more", large, Token);
        await bench.RestartAsync();
        var end = await bench.Engine.PumpAsync("echo", Token);
        Assert.Equal(large + large + large + "!", end.ReadOutputAs<string>());
        await bench.Client.PurgeInstanceAsync("echo", Token);
        await bench.RestartAsync();
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={bench.HubPath};Pooling=false");
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT (SELECT count(*) FROM payloads) + (SELECT count(*) FROM history) + (SELECT count(*) FROM inbox) + (SELECT count(*) FROM activities)";
        Assert.Equal(0L, await command.ExecuteScalarAsync(Token));
    }

    [Fact]
    public async Task A_payload_over_the_limit_is_refused_at_the_start_with_its_size()
    {
        await using var bench = Bench();
        var refused = await Assert.ThrowsAsync<PayloadTooLargeException>(() => bench.StartAsync("Echo", new string('x', 5_000_000)));
        Assert.Contains("5000002", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_result_over_the_limit_fails_the_instance_visibly()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator("Echo", default, () => new Code(_ => Task.FromResult<object?>(new string('x', 5_000_000)))));
        var end = await bench.RunAsync("Echo");
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.True(end.FailureDetails!.IsCausedBy<PayloadTooLargeException>());
    }

    private static EngineBench Bench() => new(registry => registry.AddActivity<Step>().AddOrchestrator("Echo", default, () => new Code(async context =>
    {
        var input = context.GetInput<string>();
        var more = await context.WaitForExternalEvent<string>("more");
        return input + more + await context.CallActivityAsync<string>(nameof(Step), input);
    })));
}
