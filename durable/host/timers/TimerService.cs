using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Host.Functions;

namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>Runs every timer function from start to stop of the host. One that breaks (its state is not readable at all) stops the host: a silent timer is worse.</summary>
internal sealed class TimerService : BackgroundService
{
    private readonly IReadOnlyList<TimerListener> _listeners;

    public TimerService(FunctionCatalog catalog, ITimerStore store, IServiceScopeFactory scopes, HostMetrics metrics, TimeProvider time, ILoggerFactory loggers)
    {
        // One incarnation of one node; a restarted process is another one.
        var node = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():N}";
        _listeners = [.. catalog.Timers.Select(function =>
            new TimerListener(function, store, node, scopes, metrics, time, loggers.CreateLogger($"Function.{function.Method.Name}")))];
    }

    /// <summary>Runs a timer function soon, outside its schedule.</summary>
    /// <returns>False when there is no timer function of that name.</returns>
    public bool Run(string function)
    {
        var listener = _listeners.FirstOrDefault(listener => listener.Name.Equals(function, StringComparison.OrdinalIgnoreCase));
        listener?.RunNow();
        return listener is not null;
    }

    public override void Dispose()
    {
        foreach (var listener in _listeners)
        {
            listener.Dispose();
        }

        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Off the starting thread: RunOnStartup must not hold up the start.
        await Task.Yield();
        var running = _listeners.Select(listener => listener.RunAsync(stoppingToken)).ToList();
        while (running.Count > 0)
        {
            var ended = await Task.WhenAny(running);
            running.Remove(ended);
            try
            {
                await ended;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // Its share of an orderly stop; the others are awaited too.
            }
        }
    }
}
