using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class GivenUpTests
{
    [Fact]
    public async Task Who_has_given_up_starts_and_sends_nothing()
    {
        await using var bench = new EngineBench(registry => registry.AddOrchestrator("Waits", default, () => new Code(async context => await context.WaitForExternalEvent<string>("go"))));
        var gone = new CancellationToken(canceled: true);
        await bench.StartAsync("Waits");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.Client.ScheduleNewOrchestrationInstanceAsync("Waits", null, new StartOrchestrationOptions("other"), gone));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.Client.RaiseEventAsync("waits", "go", "x", gone));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.Client.TerminateInstanceAsync("waits", (object?)null, gone));
        await bench.Engine.PumpUntilIdleAsync(TestContext.Current.CancellationToken);
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await bench.GetAsync("waits")).RuntimeStatus);
        Assert.Null(await bench.Client.GetInstanceAsync("other", TestContext.Current.CancellationToken));
    }
}
