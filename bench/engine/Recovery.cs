using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>Workflows in flight, SIGKILL, a new process on the same hub: times from the start of that process, and a look at every instance afterwards.</summary>
internal sealed class Recovery(IBenchHub hub, int instances, CancellationToken cancellation)
{
    /// <param name="floorPerSecond">Workflows of twelve commits that the bare loop does at 64 clients.</param>
    public async Task RunAsync(double floorPerSecond)
    {
        var place = await hub.NewPlaceAsync();
        await using (var first = Start("prepare", place))
        {
            await first.LineAsync(RecoveryChild.AllHeld, cancellation);
        }
        Figures.Note($"recovery: {instances} instances in flight, process killed");
        var bare = await FloorAsync();
        var since = Stopwatch.StartNew();
        var database = hub.Use().Processor;
        await using var second = Start("recover", place);
        await second.LineAsync(RecoveryChild.FirstTurn, cancellation);
        var turn = since.Elapsed.TotalMilliseconds;
        await second.LineAsync(RecoveryChild.AllDone, cancellation);
        var done = since.Elapsed.TotalMilliseconds;
        Figures.Note($"recovery: the new process used {second.Processor.TotalSeconds:0.0} s of processor and at most {second.PeakMiB} MiB, the database {(hub.Use().Processor - database).TotalSeconds:0.0} s");
        await second.EndedAsync(cancellation);
        await CheckAsync(place);
        Figures.Write($"engine.{hub.Name}.recovery{instances}.firstTurn", turn, "ms", bare);
        Figures.Write($"engine.{hub.Name}.recovery{instances}.allDone", done, "ms", 1000 * CommitsLeft() / (TenSteps.Steps + 2) / floorPerSecond);
    }

    private async Task<double> FloorAsync()
    {
        var place = await hub.NewPlaceAsync();
        var clock = Stopwatch.StartNew();
        await using var floor = Start("floor", place);
        await floor.LineAsync(RecoveryChild.FirstTurn, cancellation);
        var elapsed = clock.Elapsed.TotalMilliseconds;
        await floor.EndedAsync(cancellation);
        return elapsed;
    }

    /// <summary>One commit for the end of each step that had not ended.</summary>
    private double CommitsLeft() => Enumerable.Range(0, instances).Sum(workflow => TenSteps.Steps - RecoveryChild.HeldStep(workflow) + 1);

    /// <summary>Every instance has ended once, with the right result, and each of its calls has one recorded end.</summary>
    private async Task CheckAsync(BenchPlace place)
    {
        var services = new ServiceCollection();
        place.Use(services);
        await using var provider = services.BuildServiceProvider();
        var store = provider.GetRequiredService<ITaskHub>();
        await store.OpenAsync(CancellationToken.None);
        var seen = 0;
        var query = new OrchestrationQuery(PageSize: 1000, FetchInputsAndOutputs: true);
        do
        {
            var page = await store.QueryAsync(query, CancellationToken.None);
            foreach (var instance in page.Values)
            {
                seen++;
                var history = (await store.ReadHistoryAsync(instance.InstanceId, CancellationToken.None))!;
                var ends = history.OfType<TaskCompletedEvent>().Select(end => end.TaskScheduledId).ToArray();
                if (instance.Status != OrchestrationRuntimeStatus.Completed || instance.Output != "55" || history.OfType<ExecutionCompletedEvent>().Count() != 1
                    || ends.Length != TenSteps.Steps || ends.Distinct().Count() != TenSteps.Steps)
                    throw new InvalidOperationException($"Instance {instance.InstanceId} is {instance.Status} with output {instance.Output} and {ends.Length} ends of calls.");
            }
            query = query with { ContinuationToken = page.ContinuationToken };
        }
        while (query.ContinuationToken is not null);
        if (seen != instances)
            throw new InvalidOperationException($"{instances} instances were started, {seen} are there.");
        Figures.Note($"recovery: {seen} instances ended once, each of their {TenSteps.Steps} calls has one recorded end");
    }

    private BenchChild Start(string phase, BenchPlace place) => BenchChild.Start(phase, instances, place);
}
