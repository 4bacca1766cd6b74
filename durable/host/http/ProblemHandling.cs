using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;

namespace SnapshotWorkflows.Durable.Host.Http;

/// <summary>The outermost handler: whatever goes wrong on the host's side of a request is answered as a problem, without inner details.</summary>
internal sealed partial class ProblemHandling(ILogger<ProblemHandling> logger, IEnumerable<IUnavailability> unavailabilities, RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; nobody reads the answer.
            return;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            await ProblemOf(context, e).WriteAsync(context);
            return;
        }
        catch (Exception e)
        {
            // The status line is out: all that is left is to break the connection, so that half an answer is not taken for a whole one.
            LogUnhandled(e, context.Request.Method, context.Request.Path.ToUriComponent(), HostProblem.TraceIdOf(context));
            context.Abort();
            return;
        }

        // Only routing's own answers: a function that returns an empty 404 means it.
        if (!context.Response.HasStarted && context.GetEndpoint()?.Metadata.GetMetadata<HostEndpoint>() is null)
        {
            await AnswerUnroutedAsync(context);
        }
    }

    private static Task AnswerUnroutedAsync(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => new HostProblem(
            StatusCodes.Status404NotFound, "route.unknown", $"Nothing answers at {context.Request.Path.Value}.", "Check the path; a disabled function has no route.").WriteAsync(context),
        StatusCodes.Status405MethodNotAllowed => new HostProblem(
            StatusCodes.Status405MethodNotAllowed,
            "method.notAllowed",
            $"{context.Request.Path.Value} does not answer {context.Request.Method}.",
            $"Use one of: {context.Response.Headers.Allow}.").WriteAsync(context),
        _ => Task.CompletedTask,
    };

    private HostProblem ProblemOf(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case HostProblemException known:
                return known.Problem;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new HostProblem(
                    StatusCodes.Status413PayloadTooLarge,
                    "request.tooLarge",
                    $"The body is larger than {HostEndpoint.MaxRequestBytes.ToString(CultureInfo.InvariantCulture)} bytes.",
                    "Send less, or send a reference to it.");
            case PayloadTooLargeException large:
                return new HostProblem(StatusCodes.Status413PayloadTooLarge, "payload.tooLarge", large.Message, "Send less, or send a reference to it.");
            case BadHttpRequestException bad:
                return new HostProblem(bad.StatusCode, "request.malformed", "The request cannot be read.", "Check how the request is put together, then send it again.");
            case TaskHubUnavailableException:
                LogUnavailable(exception, context.Request.Method, context.Request.Path.ToUriComponent(), HostProblem.TraceIdOf(context));
                context.Response.Headers.RetryAfter = "5";
                return new HostProblem(
                    StatusCodes.Status503ServiceUnavailable,
                    "taskHub.unavailable",
                    "The task hub cannot be used now, or the host is stopping.",
                    "Send the request again after a while; the server's log has the reason.");
            case var _ when unavailabilities.Select(one => one.Find(exception)).FirstOrDefault(one => one is not null) is { } away:
                LogUnavailable(exception, context.Request.Method, context.Request.Path.ToUriComponent(), HostProblem.TraceIdOf(context));
                context.Response.Headers.RetryAfter = "5";
                return new HostProblem(StatusCodes.Status503ServiceUnavailable, away.Code, away.Detail, away.Remedy);
            default:
                LogUnhandled(exception, context.Request.Method, context.Request.Path.ToUriComponent(), HostProblem.TraceIdOf(context));
                return new HostProblem(
                    StatusCodes.Status500InternalServerError,
                    "internal",
                    "The request failed on the server's side.",
                    "Try again later; if it stays so, look for the traceId in the server's log.");
        }
    }

    [LoggerMessage(EventId = 5103, Level = LogLevel.Warning, Message = "{Method} {Path} could not be answered, task hub or catalog is away, trace {TraceId}")]
    private partial void LogUnavailable(Exception exception, string method, string? path, string traceId);

    // The path without its query: that may hold a key.
    [LoggerMessage(EventId = 5101, Level = LogLevel.Error, Message = "{Method} {Path} failed, trace {TraceId}")]
    private partial void LogUnhandled(Exception exception, string method, string? path, string traceId);
}

/// <summary>Marks the endpoints that decide about their answers themselves.</summary>
internal sealed class HostEndpoint
{
    /// <summary>Inputs and events are small; copies of disks do not come this way.</summary>
    public const long MaxRequestBytes = 10 * 1024 * 1024;

    public static HostEndpoint Instance { get; } = new();
}
