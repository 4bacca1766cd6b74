using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Entities;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>Two transfers under a lock, killed before and after every commit: money is neither made nor lost, and every lock is given back.</summary>
public sealed class EntityCrashTests
{
    private static readonly EntityInstanceId s_a = new("counter", "a");
    private static readonly EntityInstanceId s_b = new("counter", "b");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public async Task State_messages_and_locks_agree_after_a_crash_at_any_commit(int batch)
    {
        var points = 0;
        for (var fatal = 0; ; fatal++)
        {
            await using var bench = new EngineBench(registry => registry.AddEntity<Counter>().AddOrchestrator("Transfer", default, () => new Code(TransferAsync)))
            {
                Configure = options => options.MaxBatchSize = batch,
            };
            CrashingHub? hub = null;
            bench.Decorate = inner => hub = new CrashingHub(inner, fatal);
            try
            {
                await RunAsync(bench);
            }
            catch (SimulatedCrash)
            {
                // As intended; the next engine takes over.
            }
            var died = hub!.Dead;
            if (died)
            {
                points++;
                await bench.RestartAsync();
                bench.Decorate = inner => inner;
                await RunAsync(bench);
            }
            foreach (var (id, state) in new[] { (s_a, -20), (s_b, 20) })
            {
                var entity = (await bench.Hub.ReadEntityAsync(id.ToString(), true, Token))!;
                Assert.Equal((state.ToString(System.Globalization.CultureInfo.InvariantCulture), null, 0), (entity.State, entity.LockedBy, entity.Backlog));
            }
            if (!died)
                break;
        }
        Assert.True(points > 20, $"only {points} points were reached");
    }

    private static async Task<object?> TransferAsync(TaskOrchestrationContext context)
    {
        await using (await context.Entities.LockEntitiesAsync(s_a, s_b))
        {
            await context.Entities.CallEntityAsync(s_a, "add", -10);
            await context.Entities.CallEntityAsync(s_b, "add", 10);
        }
        return "moved";
    }

    private static async Task RunAsync(EngineBench bench)
    {
        foreach (var id in (string[])["one", "two"])
        {
            if (await bench.Client.GetInstanceAsync(id, Token) is null)
                await bench.Client.ScheduleNewOrchestrationInstanceAsync("Transfer", null, new StartOrchestrationOptions(id), Token);
        }
        foreach (var id in (string[])["one", "two"])
            Assert.Equal(OrchestrationRuntimeStatus.Completed, (await bench.Engine.PumpAsync(id, Token)).RuntimeStatus);
        await bench.Engine.PumpUntilIdleAsync(Token);
    }
}
