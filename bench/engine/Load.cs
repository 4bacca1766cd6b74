using System.Collections.Concurrent;
using System.Diagnostics;
using SnapshotWorkflows.Durable.Client;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>What one run of a number of clients showed.</summary>
/// <param name="CpuMilliseconds">Processor time of this process per workflow.</param>
/// <param name="DatabaseMilliseconds">Processor time of the database's own processes per workflow.</param>
/// <param name="AllocatedKiB">Managed memory allocated per workflow.</param>
internal sealed record LoadResult(double PerSecond, double P50, double P95, int Workflows, double CpuMilliseconds, double DatabaseMilliseconds, double AllocatedKiB);

/// <summary>Clients that each run one workflow after the other until the time is over; every workflow begun is waited for and counts.</summary>
internal sealed class Load(IBenchHub hub, CancellationToken cancellation)
{
    public async Task<LoadResult> EngineAsync(RunningEngine engine, int clients, TimeSpan duration) =>
        await RunAsync(clients, duration, async (client, number) =>
        {
            var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync(nameof(TenSteps), number);
            var end = await engine.Client.WaitForInstanceCompletionAsync(id);
            if (end.RuntimeStatus != OrchestrationRuntimeStatus.Completed)
                throw new InvalidOperationException($"Workflow {id} ended {end.RuntimeStatus}.");
        });

    public async Task<LoadResult> FloorAsync(IFloor floor, int clients, TimeSpan duration) =>
        await RunAsync(clients, duration, async (client, number) =>
        {
            var workflow = Guid.CreateVersion7().ToString("N");
            for (var step = 0; step < TenSteps.Steps + 2; step++)
                await floor.CommitAsync(client, workflow, step);
        });

    private async Task<LoadResult> RunAsync(int clients, TimeSpan duration, Func<int, int, Task> workflow)
    {
        using var self = Process.GetCurrentProcess();
        var latencies = new ConcurrentBag<double>();
        var cpu = self.TotalProcessorTime;
        var database = hub.Use().Processor;
        var allocated = GC.GetTotalAllocatedBytes();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            for (var number = 0; clock.Elapsed < duration && !cancellation.IsCancellationRequested; number++)
            {
                var began = clock.Elapsed;
                await workflow(client, number);
                latencies.Add((clock.Elapsed - began).TotalMilliseconds);
            }
        })));
        cancellation.ThrowIfCancellationRequested();
        var seconds = clock.Elapsed.TotalSeconds;
        self.Refresh();
        var sorted = latencies.Order().ToArray();
        return new LoadResult(
            sorted.Length / seconds, sorted[sorted.Length / 2], sorted[sorted.Length * 95 / 100], sorted.Length,
            (self.TotalProcessorTime - cpu).TotalMilliseconds / sorted.Length, (hub.Use().Processor - database).TotalMilliseconds / sorted.Length, (GC.GetTotalAllocatedBytes() - allocated) / 1024.0 / sorted.Length);
    }
}
