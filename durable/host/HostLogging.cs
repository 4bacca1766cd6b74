using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using SnapshotWorkflows.Durable.Host.Configuration;
using SnapshotWorkflows.Durable.Host.Functions;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>Log entries for a service manager: one line each, UTC, on standard error. Levels come from host.json's logging.logLevel.</summary>
internal static partial class HostLogging
{
    /// <summary>Logs every request with its query, which may hold a key.</summary>
    private const string RequestLog = "Microsoft.AspNetCore.Hosting.Diagnostics";

    private const string PlatformLog = "Microsoft.Extensions.Hosting.Internal.Host";

    public static void Add(ILoggingBuilder logging, IConfiguration configuration, bool toConsole)
    {
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddConfiguration(configuration.GetSection($"{HostSettings.HostJsonSection}:logging"));
        if (toConsole)
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
                console.ColorBehavior = LoggerColorBehavior.Disabled;
            });
            logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        }

        // What hinders the start is said in one line by FunctionsHost, what breaks later by FunctionsApplication; the platform would say both with its own stack trace.
        logging.AddFilter(PlatformLog, LogLevel.None);
        logging.AddFilter<ConsoleLoggerProvider>(PlatformLog, LogLevel.None);

        // After the configuration, so that no setting can bring keys into the log.
        logging.AddFilter(RequestLog, LogLevel.Warning);
        logging.AddFilter<ConsoleLoggerProvider>(RequestLog, LogLevel.Warning);
    }

    public static void ReportStart(IServiceProvider services, HostSettings settings, FunctionCatalog catalog, string statePath)
    {
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Host.Startup");
        foreach (var warning in settings.Warnings)
        {
            LogSetting(logger, warning);
        }

        if (settings.DurableTask.UseForwardedHost)
        {
            LogProxies(logger, string.Join(", ", settings.DurableTask.TrustedProxies));
        }

        foreach (var function in catalog.Http)
        {
            LogHttp(logger, function.Method.Name, function.Verbs.Count == 0 ? "any method" : string.Join(',', function.Verbs), function.Route.RawText);
        }

        foreach (var function in catalog.Timers)
        {
            LogTimer(logger, function.Method.Name, function.Schedule.Text, settings.Configuration["WEBSITE_TIME_ZONE"] is { Length: > 0 } zone ? zone : "UTC");
        }

        foreach (var function in catalog.Descriptions.Where(function => function.Trigger is "orchestrationTrigger" or "activityTrigger" or "entityTrigger"))
        {
            LogDurable(logger, function.Name, function.Trigger);
        }

        foreach (var function in catalog.Disabled)
        {
            LogDisabled(logger, function.Name);
        }

        LogState(logger, statePath);
    }

    [LoggerMessage(EventId = 5002, Level = LogLevel.Warning, Message = "{Warning}")]
    private static partial void LogSetting(ILogger logger, string warning);

    [LoggerMessage(EventId = 5003, Level = LogLevel.Information, Message = "{Function}: {Methods} /{Route}")]
    private static partial void LogHttp(ILogger logger, string function, string methods, string? route);

    [LoggerMessage(EventId = 5004, Level = LogLevel.Information, Message = "{Function}: timer {Schedule} ({Zone})")]
    private static partial void LogTimer(ILogger logger, string function, string schedule, string zone);

    [LoggerMessage(EventId = 5005, Level = LogLevel.Information, Message = "{Function} is disabled by its setting")]
    private static partial void LogDisabled(ILogger logger, string function);

    [LoggerMessage(EventId = 5006, Level = LogLevel.Information, Message = "State and access keys are kept in {StatePath}")]
    private static partial void LogState(ILogger logger, string statePath);

    [LoggerMessage(EventId = 5007, Level = LogLevel.Information, Message = "{Function}: {Trigger}")]
    private static partial void LogDurable(ILogger logger, string function, string trigger);

    [LoggerMessage(EventId = 5008, Level = LogLevel.Information, Message = "Forwarded hosts are believed from {Proxies}")]
    private static partial void LogProxies(ILogger logger, string proxies);
}
