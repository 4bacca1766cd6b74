using System.Text.Json;
using SnapshotWorkflows.Durable.Client;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>The process that is killed, and the one that takes its work up. It tells what it has reached by lines on standard output.</summary>
internal static class RecoveryChild
{
    /// <summary>An environment variable, since a connection string may hold a password.</summary>
    public const string PlaceVariable = "SWF_BENCH_PLACE";

    public const string AllHeld = "held";
    public const string FirstTurn = "turn";
    public const string AllDone = "done";

    /// <summary>The step in which a workflow is when its process is killed: a tenth of them at each.</summary>
    public static int HeldStep(int workflow) => 1 + (workflow % TenSteps.Steps);

    public static async Task<int> RunAsync(string phase, int instances)
    {
        var place = JsonSerializer.Deserialize<BenchPlace>(Environment.GetEnvironmentVariable(PlaceVariable)!)!;
        switch (phase)
        {
            case "prepare": await PrepareAsync(place, instances); break;
            case "recover": await RecoverAsync(place, instances); break;
            default: await FloorAsync(place); break;
        }
        return 0;
    }

    private static async Task PrepareAsync(BenchPlace place, int instances)
    {
        var gate = new Holding(instances);
        await using var engine = await RunningEngine.StartAsync(place, gate, concurrency: 2 * instances);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, instances), new ParallelOptions { MaxDegreeOfParallelism = 256 },
            async (number, cancellation) => await engine.Client.ScheduleNewOrchestrationInstanceAsync(nameof(TenSteps), number, cancellation));
        await gate.All;
        Console.Out.WriteLine(AllHeld);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
    }

    private static async Task RecoverAsync(BenchPlace place, int instances)
    {
        var gate = new Watching(instances);
        await using var engine = await RunningEngine.StartAsync(place, gate);
        await gate.First;
        Console.Out.WriteLine(FirstTurn);
        await gate.All;
        var live = new OrchestrationQuery(
            Statuses: [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended], PageSize: 1);
        while ((await engine.Hub.QueryAsync(live, CancellationToken.None)).Values.Count > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        Console.Out.WriteLine(AllDone);
    }

    /// <summary>The least that a process can do: start, open the database, commit a row.</summary>
    private static async Task FloorAsync(BenchPlace place)
    {
        await using var floor = await BenchHubs.OpenFloorAsync(place, 1);
        await floor.CommitAsync(0, "first", 1);
        Console.Out.WriteLine(FirstTurn);
    }

    /// <summary>Holds each workflow at its step for ever.</summary>
    private sealed class Holding(int instances) : StepGate
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _held;

        public Task All => _all.Task;

        public override Task PassAsync(StepInput input)
        {
            if (input.Step != HeldStep(input.Workflow))
                return Task.CompletedTask;
            if (Interlocked.Increment(ref _held) == instances)
                _all.SetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
        }
    }

    /// <summary>A step after the held one proves a turn that was committed after the restart.</summary>
    private sealed class Watching(int instances) : StepGate
    {
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly int[] _last = new int[instances];
        private int _left = instances;

        public Task First => _first.Task;

        public Task All => _all.Task;

        public override Task PassAsync(StepInput input)
        {
            if (input.Step > HeldStep(input.Workflow))
                _first.TrySetResult();
            if (input.Step == TenSteps.Steps && Interlocked.Exchange(ref _last[input.Workflow], 1) == 0 && Interlocked.Decrement(ref _left) == 0)
                _all.SetResult();
            return Task.CompletedTask;
        }
    }
}
