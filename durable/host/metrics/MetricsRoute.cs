using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Host.Http;
using SnapshotWorkflows.Durable.Host.Keys;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Metrics;

/// <summary><c>GET /metrics</c> for Prometheus (<c>params: {code: [...]}</c> or an x-functions-key header): any host key opens it.</summary>
internal static partial class MetricsRoute
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var collector = endpoints.ServiceProvider.GetRequiredService<MetricsCollector>();
        var logger = endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger("Host.Metrics");
        endpoints.MapGet("/metrics", context => AnswerAsync(collector, logger, context)).WithMetadata(HostEndpoint.Instance, new KeyRequirement(AuthorizationLevel.Function, null));
    }

    private static Task AnswerAsync(MetricsCollector collector, ILogger logger, HttpContext context)
    {
        var text = new StringBuilder();
        var before = collector.Failures;
        var series = collector.Collect();
        if (collector.Failures != before) LogFailed(logger, collector.LastFailure!);
        foreach (var instrument in series)
        {
            instrument.Write(text);
        }

        text.Append("# HELP snapshotworkflows_metrics_dropped_total Measurements left out because an instrument has too many series.\n# TYPE snapshotworkflows_metrics_dropped_total counter\n");
        text.Append("snapshotworkflows_metrics_dropped_total ").Append(series.Sum(instrument => instrument.Dropped)).Append('\n');
        text.Append("# HELP snapshotworkflows_metrics_failed_total Times that an instrument could not tell where it stands.\n# TYPE snapshotworkflows_metrics_failed_total counter\n");
        text.Append("snapshotworkflows_metrics_failed_total ").Append(collector.Failures).Append('\n');
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }

    [LoggerMessage(EventId = 5401, Level = LogLevel.Warning, Message = "An instrument could not tell where it stands; the others are told")]
    private static partial void LogFailed(ILogger logger, Exception failure);
}
