using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Host.Configuration;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>
/// Runs functions and orchestrations in this process. An app's Program.cs is one call:
/// <code>
/// return await FunctionsHost.RunAsync(args, builder =>
/// {
///     builder.StatePath = builder.Configuration["MyApp:StatePath"];
///     builder.Services.AddSingleton&lt;IMyClient, MyClient&gt;();
///     builder.UseFunctions(typeof(MyTriggers).Assembly);
///     builder.UseDurableTask(registry => registry.AddOrchestrator&lt;MyOrchestrator&gt;(), (services, options) => new MyTaskHub(...));
/// });
/// </code>
/// </summary>
public static class FunctionsHost
{
    /// <summary>Composes, starts and runs until the process is told to stop. What hinders the start is said in one message on standard error.</summary>
    /// <param name="args"><c>--port N</c>, <c>--settings-root DIR</c>, <c>--address IP</c> (default 127.0.0.1).</param>
    /// <param name="stop">Ends the run as SIGTERM does.</param>
    /// <returns>The exit code of the process, one of <see cref="HostExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Action<FunctionsHostBuilder> configure, HostSurroundings? surroundings = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(configure);
        surroundings ??= new HostSurroundings();
        FunctionsApplication? application = null;
        try
        {
            try
            {
                var builder = CreateBuilder(args, surroundings);
                configure(builder);
                application = builder.Build();
                await application.StartAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return HostExitCodes.Success;
            }
            catch (Exception e)
            {
                application?.LogStartFailure(e);
                return await ReportAsync(surroundings.Error, surroundings.Explain?.Invoke(e) ?? Explain(e));
            }

            await surroundings.Output.WriteLineAsync($"listening {application.Address.GetLeftPart(UriPartial.Authority)}");
            await surroundings.Output.FlushAsync(CancellationToken.None);
            return await application.WaitForShutdownAsync(stop);
        }
        finally
        {
            if (application is not null)
            {
                await application.DisposeAsync();
            }
        }
    }

    /// <summary>Reads the command line, host.json and local.settings.json.</summary>
    /// <exception cref="HostStartupException">One of them is wrong.</exception>
    public static FunctionsHostBuilder CreateBuilder(string[] args, HostSurroundings? surroundings = null)
    {
        surroundings ??= new HostSurroundings();
        var commandLine = HostCommandLine.Parse(args);
        return new FunctionsHostBuilder(commandLine, HostSettings.Read(commandLine.SettingsRoot, surroundings.ReadEnvironment()), surroundings);
    }

    internal static HostStartupException Explain(Exception exception) => exception switch
    {
        HostStartupException known => known,
        AggregateException { InnerExceptions: var all } when all.All(inner => inner is OptionsValidationException) => new HostStartupException(
            "settings.invalid", string.Join(" ", all.Cast<OptionsValidationException>().SelectMany(options => options.Failures)), "Correct the settings named above."),
        OptionsValidationException options => new HostStartupException("settings.invalid", string.Join(" ", options.Failures), "Correct the settings named above."),
        TaskHubInUseException inUse => new HostStartupException("taskHub.inUse", inUse.Message, "Stop the other process, or give this one another state path.", HostExitCodes.Unavailable),
        IOException { InnerException: { } inner } port when inner is SocketException || inner.InnerException is SocketException => new HostStartupException(
            "port.unavailable", port.Message, "Give another --port (0 takes any free one), or stop what uses this one.", HostExitCodes.Unavailable),
        UnauthorizedAccessException denied => new HostStartupException(
            "state.denied", $"The host may not use its files: {denied.Message}", "Give the account of this service the state path, or another one that it may write to."),
        DbException database => new HostStartupException(
            "database.unusable",
            $"{database.Data["path"] ?? "A database of the host"} cannot be used: {database.Message}",
            database.IsTransient || database.InnerException is SocketException or IOException or TimeoutException
                ? "Start the database server, or correct the connection; then start again."
                : "Restore it from a copy, or name another state path or connection; a damaged file is left as it is.",
            database.IsTransient || database.InnerException is SocketException or IOException or TimeoutException ? HostExitCodes.Unavailable : HostExitCodes.Configuration),
        TaskHubUnavailableException hub => new HostStartupException(
            "taskHub.unavailable",
            hub.Message,
            hub.Data.Contains("path")
                ? "Make room, or name another state path; then start again."
                : "Start the database server, or correct the setting that extensions.durableTask.storageProvider.connectionName names; then start again.",
            hub.InnerException is null or DbException { IsTransient: false, SqlState: not null } ? HostExitCodes.Configuration : HostExitCodes.Unavailable),
        NotSupportedException { Source: { } source } newer when source.Contains("TaskHubs", StringComparison.Ordinal) => new HostStartupException(
            "taskHub.newer", newer.Message, "A newer program has used this task hub."),
        SocketException socket => new HostStartupException("port.unavailable", $"The host cannot listen: {socket.Message}", "Give another --port or --address.", HostExitCodes.Unavailable),
        _ => new HostStartupException(
            "start.failed",
            $"The host could not start: {exception.GetType().Name}: {exception.Message}",
            "Set logging.logLevel.default to Debug in host.json to see where.",
            HostExitCodes.Software),
    };

    private static async Task<int> ReportAsync(TextWriter error, HostStartupException e)
    {
        await error.WriteLineAsync($"error {e.Code}: {e.Message} {e.Remedy}");
        await error.FlushAsync(CancellationToken.None);
        return e.ExitCode;
    }
}
