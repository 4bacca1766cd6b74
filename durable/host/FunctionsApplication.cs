using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>
/// A composed host. Start: engine, then timers, then the server. Stop: the server takes no more connections and lets requests finish, then timers, then the engine.
/// </summary>
public sealed partial class FunctionsApplication : IAsyncDisposable
{
    private readonly WebApplication _web;

    internal FunctionsApplication(WebApplication web) => _web = web;

    public IServiceProvider Services => _web.Services;

    /// <summary>Where the host listens, with the real port.</summary>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    public Uri Address => Services.GetRequiredService<PublicOrigin>().Listening ?? throw new InvalidOperationException("The host has not been started.");

    public Task StartAsync(CancellationToken cancellation)
    {
        // The host makes its hosted services before it validates, and the first one that needs a wrong setting would hide all others.
        Services.GetService<IStartupValidator>()?.Validate();
        return _web.StartAsync(cancellation);
    }

    public Task StopAsync(CancellationToken cancellation) => _web.StopAsync(cancellation);

    /// <summary>Runs until SIGTERM, SIGINT or <paramref name="stop"/>; then stops in order.</summary>
    /// <returns>0, or 70 when a part of the host broke and brought it down.</returns>
    public async Task<int> WaitForShutdownAsync(CancellationToken stop)
    {
        await _web.WaitForShutdownAsync(stop);
        var broken = Services.GetServices<IHostedService>().OfType<BackgroundService>().Where(service => service.ExecuteTask is { IsFaulted: true }).ToList();
        foreach (var service in broken)
        {
            LogBroken(Services.GetRequiredService<ILogger<FunctionsApplication>>(), service.ExecuteTask!.Exception!.GetBaseException(), service.GetType().Name);
        }

        return broken.Count > 0 ? HostExitCodes.Software : HostExitCodes.Success;
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    internal void LogStartFailure(Exception exception) => LogNotStarted(Services.GetRequiredService<ILogger<FunctionsApplication>>(), exception);

    [LoggerMessage(EventId = 5009, Level = LogLevel.Critical, Message = "{Part} broke and brought the host down")]
    private static partial void LogBroken(ILogger logger, Exception exception, string part);

    [LoggerMessage(EventId = 5001, Level = LogLevel.Debug, Message = "The host could not start")]
    private static partial void LogNotStarted(ILogger logger, Exception exception);
}
