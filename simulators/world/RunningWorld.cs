using SnapshotWorkflows.Simulators.Control;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>The whole program: a world, its addresses, and the loop that lets time pass in it.</summary>
internal sealed class RunningWorld : IAsyncDisposable
{
    // How finely time passes: a task's progress moves in steps of this length.
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly ProgramOptions _options;
    private readonly SimulatedWorld _world;
    private readonly WorldServers _servers;

    private RunningWorld(ProgramOptions options, SimulatedWorld world, WorldServers servers) => (_options, _world, _servers) = (options, world, servers);

    public Endpoints Endpoints => _servers.Endpoints;

    /// <summary>Listens, then writes <c>endpoints.json</c>.</summary>
    public static async Task<RunningWorld> StartAsync(ProgramOptions options, TimeProvider clock)
    {
        var folder = new WorldFolder(options.DataPath, options.Forgets);
        Endpoints.Remove(options.DataPath);
        var world = new SimulatedWorld(options, folder, clock);
        WorldServers? servers = null;
        try
        {
            if (options.FaultsPath is { } faults) await FaultFile.PlanAsync(faults, world);
            servers = await WorldServers.StartAsync(world, options);
            servers.Endpoints.Write(options.DataPath);
            return new RunningWorld(options, world, servers);
        }
        catch
        {
            if (servers is not null) await servers.DisposeAsync();
            world.Dispose();
            throw;
        }
    }

    /// <summary>Planned faults that hit nothing, each in words.</summary>
    public IReadOnlyList<string> UnfiredFaults() => [.. _world.Faults.List().Where(fault => !fault.Fired).Select(FaultFile.Describe)];

    /// <summary>Lets time pass until told to stop, or until the parent process is gone. A broken simulator ends it with its exception.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var steps = _world.Driver.RunAsync(s_step, ended.Token);
        var parent = _options.ParentProcess is { } process
            ? ParentWatch.WaitForEndAsync(process, _world.Clock, ended.Token)
            : Task.Delay(Timeout.InfiniteTimeSpan, _world.Clock, ended.Token);
        await Task.WhenAny(steps, parent);
        await ended.CancelAsync();
        await steps;
    }

    public async ValueTask DisposeAsync()
    {
        Endpoints.Remove(_options.DataPath);
        try
        {
            await _world.Guest.StopAsync().WaitAsync(s_patience, _world.Clock);
        }
        catch (TimeoutException)
        {
            // Its machine is paused and its write waits; it ends with the process.
        }

        await _servers.DisposeAsync();
        _world.Dispose();
    }
}
