using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Host.Functions;

namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>Runs every timer function from start to stop of the host. One that breaks (its state cannot be kept) stops the host: a silent timer is worse.</summary>
internal sealed class TimerService(FunctionCatalog catalog, TimerMonitor monitor, IServiceScopeFactory scopes, TimeProvider time, ILoggerFactory loggers) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Off the starting thread: RunOnStartup must not hold up the start.
        await Task.Yield();
        var running = catalog.Timers.Select(function =>
            new TimerListener(function, monitor, scopes, time, loggers.CreateLogger($"Function.{function.Method.Name}")).RunAsync(stoppingToken)).ToList();
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
