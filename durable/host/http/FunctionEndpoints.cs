using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Host.Configuration;
using SnapshotWorkflows.Durable.Host.Functions;
using SnapshotWorkflows.Functions.Worker.Http;

namespace SnapshotWorkflows.Durable.Host.Http;

/// <summary>Gives every HTTP function its endpoint.</summary>
internal static partial class FunctionEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints, FunctionCatalog catalog)
    {
        var services = endpoints.ServiceProvider;
        var loggers = services.GetRequiredService<ILoggerFactory>();
        var options = services.GetRequiredService<HttpHostOptions>();
        foreach (var function in catalog.Http)
        {
            var call = new FunctionCall(
                function,
                services.GetRequiredService<RequestThrottle>(),
                services.GetRequiredService<HostMetrics>(),
                options,
                services.GetRequiredService<TimeProvider>(),
                loggers.CreateLogger($"Function.{function.Method.Name}"));
            var mapped = function.Verbs.Count == 0
                ? endpoints.Map(function.Route, call.AnswerAsync)
                : endpoints.MapMethods(function.Route.RawText!, function.Verbs, call.AnswerAsync);
            mapped.WithMetadata(HostEndpoint.Instance, function.Key).WithDisplayName($"function {function.Method.Name}");
        }
    }

    private sealed class FunctionCall(HttpFunction function, RequestThrottle throttle, HostMetrics metrics, HttpHostOptions options, TimeProvider time, ILogger logger)
    {
        public async Task AnswerAsync(HttpContext context)
        {
            var started = time.GetTimestamp();
            // At the last moment: an error clears what was set before.
            context.Response.OnStarting(() =>
            {
                foreach (var (name, value) in options.CustomHeaders)
                {
                    context.Response.Headers[name] = value;
                }

                return Task.CompletedTask;
            });
            using var place = await throttle.EnterAsync(context);

            var outcome = FunctionOutcome.Failed;
            try
            {
                await SendAsync(context, await function.Method.InvokeAsync(new FunctionInvocation(context.RequestServices, context.RequestAborted) { Http = context }));
                outcome = FunctionOutcome.Succeeded;
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                outcome = FunctionOutcome.Cancelled;
                throw;
            }
            finally
            {
                metrics.Ran(function.Method.Name, "http", outcome, time.GetElapsedTime(started));
            }

            LogExecuted(logger, function.Method.Name, context.Request.Method, context.Request.Path.ToUriComponent(), context.Response.StatusCode, time.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    private static async Task SendAsync(HttpContext context, object? answer)
    {
        switch (answer)
        {
            case IActionResult action:
                await action.ExecuteResultAsync(new ActionContext(context, context.GetRouteData(), new Microsoft.AspNetCore.Mvc.Abstractions.ActionDescriptor()));
                break;
            case IResult result:
                await result.ExecuteAsync(context);
                break;
            case HttpResponseData data:
                await ContextResponseData.SendAsync(data, context);
                break;
        }
    }

    // Without the query, which may hold a key; the path still encoded, so that no caller can write lines of the log.
    [LoggerMessage(EventId = 5102, Level = LogLevel.Information, Message = "{Function} answered {Method} {Path} with {Status} in {Milliseconds:0.0} ms")]
    private static partial void LogExecuted(ILogger logger, string function, string method, string? path, int status, double milliseconds);
}
