using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Host.Configuration;
using SnapshotWorkflows.Durable.Host.Functions;

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
                options,
                services.GetRequiredService<TimeProvider>(),
                loggers.CreateLogger($"Function.{function.Method.Name}"));
            var mapped = function.Verbs.Count == 0
                ? endpoints.Map(function.Route, call.AnswerAsync)
                : endpoints.MapMethods(function.Route.RawText!, function.Verbs, call.AnswerAsync);
            mapped.WithMetadata(HostEndpoint.Instance, function.Key).WithDisplayName($"function {function.Method.Name}");
        }
    }

    private sealed class FunctionCall(HttpFunction function, RequestThrottle throttle, HttpHostOptions options, TimeProvider time, ILogger logger)
    {
        public async Task AnswerAsync(HttpContext context)
        {
            var started = time.GetTimestamp();
            using var place = await throttle.EnterAsync(context);
            foreach (var (name, value) in options.CustomHeaders)
            {
                context.Response.Headers[name] = value;
            }

            var invocation = new FunctionInvocation(context.RequestServices, context, null, context.RequestAborted);
            switch (await function.Method.InvokeAsync(invocation))
            {
                case IActionResult action:
                    await action.ExecuteResultAsync(new ActionContext(context, context.GetRouteData(), new Microsoft.AspNetCore.Mvc.Abstractions.ActionDescriptor()));
                    break;
                case IResult result:
                    await result.ExecuteAsync(context);
                    break;
                default:
                    throw new InvalidOperationException($"Function '{function.Method.Name}' returned no result.");
            }

            LogExecuted(logger, function.Method.Name, context.Request.Method, context.Request.Path.ToUriComponent(), context.Response.StatusCode, time.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    // Without the query, which may hold a key; the path still encoded, so that no caller can write lines of the log.
    [LoggerMessage(EventId = 5102, Level = LogLevel.Information, Message = "{Function} answered {Method} {Path} with {Status} in {Milliseconds:0.0} ms")]
    private static partial void LogExecuted(ILogger logger, string function, string method, string? path, int status, double milliseconds);
}
