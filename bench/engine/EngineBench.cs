using System.Diagnostics;
using SnapshotWorkflows.Durable.Client;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>The engine beside a bare loop of single-row commits, in alternating runs on one database.</summary>
internal sealed class EngineBench(IBenchHub hub, EngineBenchOptions options, CancellationToken cancellation)
{
    private readonly Load _load = new(hub, cancellation);

    /// <summary>Exit code of a run that was interrupted: 128 and the number of SIGINT.</summary>
    private const int Interrupted = 130;

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (EngineBenchOptions.Parse(arguments) is not { } options)
            return 2;
        using var interruption = new Interruption();
        var folder = Directory.CreateDirectory(Path.Combine(options.Folder, $"swf-engine-{Guid.NewGuid():n}")).FullName;
        try
        {
            await using var hub = await BenchHubs.OpenAsync(options.Hub, folder);
            await interruption.GuardAsync(new EngineBench(hub, options, interruption.Token).RunAsync());
            return 0;
        }
        catch (Exception) when (interruption.Token.IsCancellationRequested)
        {
            Figures.Note($"interrupted: the server and the files of this run are gone");
            return Interrupted;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private async Task RunAsync()
    {
        Figures.Note($"engine on {hub.Name}: {options.Rounds} alternating runs of {options.Seconds} s; the floor commits {TenSteps.Steps + 2} single rows a workflow");
        await ThroughputAsync(16, TimeSpan.FromSeconds(6), warm: true);
        if (options.Has("c1"))
        {
            var (engine, floor) = await RoundsAsync(1);
            Write("c1.p50", engine, floor, "ms", run => run.P50);
            Write("c1.p95", engine, floor, "ms", run => run.P95);
            WriteCosts("c1", engine, floor);
        }
        var floorRate = 0.0;
        foreach (var clients in new[] { 64, 512 }.Where(clients => options.Has($"c{clients}")))
        {
            var (engine, floor) = await RoundsAsync(clients);
            Write($"c{clients}.workflowsPerSecond", engine, floor, "1/s", run => run.PerSecond);
            WriteCosts($"c{clients}", engine, floor);
            floorRate = floorRate > 0 ? floorRate : Figures.Median(floor.Select(run => run.PerSecond));
        }
        if (options.Has("fanout"))
            await FanOutAsync();
        if (options.Has("recovery"))
            await new Recovery(hub, options.Instances, cancellation).RunAsync(floorRate > 0 ? floorRate : (await ThroughputAsync(64, options.Duration, false)).Floor.PerSecond);
        Figures.Note($"peak memory of this process {Process.GetCurrentProcess().PeakWorkingSet64 / (1 << 20)} MiB");
    }

    private async Task<(List<LoadResult> Engine, List<LoadResult> Floor)> RoundsAsync(int clients)
    {
        var (engines, floors) = (new List<LoadResult>(), new List<LoadResult>());
        for (var round = 1; round <= options.Rounds; round++)
        {
            var (engine, floor) = await ThroughputAsync(clients, options.Duration, warm: false);
            engines.Add(engine);
            floors.Add(floor);
            Figures.Note($"c{clients} run {round}: engine {engine.PerSecond:0}/s p50 {engine.P50:0.00} ms p95 {engine.P95:0.00} ms, {engine.CpuMilliseconds:0.00} ms of processor here, {engine.DatabaseMilliseconds:0.00} ms in the database and {engine.AllocatedKiB:0} KiB allocated a workflow; floor {floor.PerSecond:0}/s p50 {floor.P50:0.00} ms, {floor.CpuMilliseconds:0.00} ms here, {floor.DatabaseMilliseconds:0.00} ms there; resident {Environment.WorkingSet / (1 << 20)} MiB here, {hub.Use().Memory / (1 << 20)} MiB there");
        }
        return (engines, floors);
    }

    /// <summary>Floor first, then the engine: each on a file or schema of its own.</summary>
    private async Task<(LoadResult Engine, LoadResult Floor)> ThroughputAsync(int clients, TimeSpan duration, bool warm)
    {
        LoadResult bare;
        var place = await hub.NewPlaceAsync();
        await using (var floor = await BenchHubs.OpenFloorAsync(place, clients))
            bare = await _load.FloorAsync(floor, clients, duration);
        await hub.DropAsync(place);
        LoadResult loaded;
        place = await hub.NewPlaceAsync();
        await using (var engine = await RunningEngine.StartAsync(place))
        {
            if (!warm)
                await _load.EngineAsync(engine, clients, TimeSpan.FromMilliseconds(300));
            loaded = await _load.EngineAsync(engine, clients, duration);
        }
        await hub.DropAsync(place);
        return (loaded, bare);
    }

    private void Write(string figure, List<LoadResult> engine, List<LoadResult> floor, string unit, Func<LoadResult, double> of) =>
        Figures.Write($"engine.{hub.Name}.{figure}", Figures.Median(engine.Select(of)), unit, Figures.Median(floor.Select(of)));

    /// <summary>What a workflow costs: processor time of both the engine's process and the database's, and what the engine's process allocates.</summary>
    private void WriteCosts(string load, List<LoadResult> engine, List<LoadResult> floor)
    {
        Write($"{load}.processorPerWorkflow", engine, floor, "ms", run => run.CpuMilliseconds + run.DatabaseMilliseconds);
        Write($"{load}.allocatedPerWorkflow", engine, floor, "KiB", run => run.AllocatedKiB);
    }

    private async Task FanOutAsync()
    {
        var (hundred, thousand) = (new List<double>(), new List<double>());
        await using var engine = await RunningEngine.StartAsync(await hub.NewPlaceAsync());
        await PerTaskAsync(engine, 100);
        for (var round = 1; round <= options.Rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            // Ten of the small one, so that both do as much.
            var small = 0.0;
            for (var one = 0; one < 10; one++)
                small += await PerTaskAsync(engine, 100) / 10;
            hundred.Add(small);
            thousand.Add(await PerTaskAsync(engine, 1000));
            Figures.Note($"fan-out run {round}: {hundred[^1]:0.000} ms an activity at 100, {thousand[^1]:0.000} ms at 1,000");
        }
        Figures.Write($"engine.{hub.Name}.fanout1000.perTask", Figures.Median(thousand), "ms", Figures.Median(hundred));
    }

    private static async Task<double> PerTaskAsync(RunningEngine engine, int activities)
    {
        var clock = Stopwatch.StartNew();
        var id = await engine.Client.ScheduleNewOrchestrationInstanceAsync(nameof(FanOut), activities);
        var end = await engine.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true);
        return end.RuntimeStatus == OrchestrationRuntimeStatus.Completed && end.ReadOutputAs<int>() == activities
            ? clock.Elapsed.TotalMilliseconds / activities
            : throw new InvalidOperationException($"The fan-out ended {end.RuntimeStatus}.");
    }
}
