using System.Globalization;
using System.Net;
using Microsoft.Extensions.Primitives;
using SnapshotWorkflows.Durable.Http;

namespace SnapshotWorkflows.Durable;

/// <summary>HTTP calls of orchestrators: each request is a built-in activity, each wait a durable timer.</summary>
public static class TaskOrchestrationContextExtensionMethods
{
    /// <summary>The name of the activity, as in the public extension.</summary>
    public const string HttpActivityName = "BuiltIn::HttpActivity";

    /// <summary>The property of the context that holds the default wait between polls, in milliseconds.</summary>
    public const string PollIntervalProperty = "HttpDefaultAsyncRequestSleepTimeMilliseconds";

    private const double DefaultPollMilliseconds = 30_000;

    /// <summary>
    /// Makes an HTTP call. An answer of 202 with a Location is polled (Retry-After counts, else the configured interval) unless the request says not to; credentials are not sent
    /// to another origin than the first. Once retries are used up the last answer is returned, whatever its code.
    /// </summary>
    /// <exception cref="TaskFailedException">There was no answer.</exception>
    /// <exception cref="TimeoutException">The request's time is over.</exception>
    public static async Task<DurableHttpResponse> CallHttpAsync(this TaskOrchestrationContext context, DurableHttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(request);
        if (request.Uri is not { IsAbsoluteUri: true } || request.Uri.Scheme is not ("http" or "https"))
            throw new ArgumentException($"'{request.Uri}' is no absolute http or https address.", nameof(request));
        var deadline = request.Timeout is { } timeout ? context.CurrentUtcDateTime + timeout : DateTime.MaxValue;
        var response = await SendAsync(context, request, deadline);
        var next = request;
        while (request.AsynchronousPatternEnabled && response.StatusCode == HttpStatusCode.Accepted && Header(response, "Location") is { } location)
        {
            await PauseAsync(context, RetryAfter(context, response), deadline);
            next = Poll(next, location);
            response = await SendAsync(context, next, deadline);
        }
        return response;
    }

    public static Task<DurableHttpResponse> CallHttpAsync(
        this TaskOrchestrationContext context, HttpMethod method, Uri uri, string? content = null, HttpRetryOptions? retryOptions = null) =>
        CallHttpAsync(context, method, uri, content, retryOptions, false);

    /// <param name="asynchronousPatternEnabled">Whether 202 is polled; without it, it is not, as in the public extension.</param>
    public static Task<DurableHttpResponse> CallHttpAsync(
        this TaskOrchestrationContext context, HttpMethod method, Uri uri, string? content, HttpRetryOptions? retryOptions,
        bool asynchronousPatternEnabled, TimeSpan? timeout = null) =>
        context.CallHttpAsync(new DurableHttpRequest(method, uri, null, content, asynchronousPatternEnabled, timeout, retryOptions));

    private static async Task<DurableHttpResponse> SendAsync(TaskOrchestrationContext context, DurableHttpRequest request, DateTime deadline)
    {
        var began = context.CurrentUtcDateTime;
        for (var attempt = 1; ; attempt++)
        {
            var left = deadline == DateTime.MaxValue ? (TimeSpan?)null : deadline - context.CurrentUtcDateTime;
            if (left <= TimeSpan.Zero)
                throw Late(request);
            try
            {
                var response = await context.CallActivityAsync<DurableHttpResponse>(
                    HttpActivityName, new DurableHttpRequest(request.Method, request.Uri, request.Headers, request.Content, request.AsynchronousPatternEnabled, left));
                if (!MayRetry(request.HttpRetryOptions, attempt, context.CurrentUtcDateTime - began, response.StatusCode))
                    return response;
            }
            catch (TaskFailedException) when (MayRetry(request.HttpRetryOptions, attempt, context.CurrentUtcDateTime - began, null))
            {
                // No answer: the next attempt follows below.
            }
            await PauseAsync(context, Delay(request.HttpRetryOptions!, attempt), deadline);
        }
    }

    private static bool MayRetry(HttpRetryOptions? options, int attempt, TimeSpan elapsed, HttpStatusCode? answer) =>
        options is not null && attempt < options.MaxNumberOfAttempts && (options.RetryTimeout <= TimeSpan.Zero || elapsed < options.RetryTimeout)
        && (answer is not { } code || (options.StatusCodesToRetry.Count > 0 ? options.StatusCodesToRetry.Contains(code) : (int)code >= 400));

    private static TimeSpan Delay(HttpRetryOptions options, int attempt)
    {
        var ticks = options.FirstRetryInterval.Ticks * Math.Pow(options.BackoffCoefficient, attempt - 1);
        return ticks >= options.MaxRetryInterval.Ticks ? options.MaxRetryInterval : TimeSpan.FromTicks((long)ticks);
    }

    /// <summary>Never past the deadline: there is nobody left to wait for.</summary>
    private static async Task PauseAsync(TaskOrchestrationContext context, TimeSpan pause, DateTime deadline)
    {
        var left = deadline - context.CurrentUtcDateTime;
        await context.CreateTimer(pause < left ? pause : left, CancellationToken.None);
    }

    private static TimeSpan RetryAfter(TaskOrchestrationContext context, DurableHttpResponse response)
    {
        var text = Header(response, "Retry-After");
        if (int.TryParse(text, CultureInfo.InvariantCulture, out var seconds))
            return TimeSpan.FromSeconds(Math.Max(0, seconds));
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
            return at.UtcDateTime > context.CurrentUtcDateTime ? at.UtcDateTime - context.CurrentUtcDateTime : TimeSpan.Zero;
        return TimeSpan.FromMilliseconds(context.Properties.TryGetValue(PollIntervalProperty, out var set) && set is double milliseconds ? milliseconds : DefaultPollMilliseconds);
    }

    private static DurableHttpRequest Poll(DurableHttpRequest former, string location)
    {
        var uri = new Uri(former.Uri, location);
        if (uri.Scheme is not ("http" or "https"))
            throw new InvalidOperationException($"The answer of {former.Uri.GetLeftPart(UriPartial.Path)} points to an address that is not http.");
        return new DurableHttpRequest(HttpMethod.Get, uri, OtherOrigin.Headers(former.Headers, former.Uri, uri), null, former.AsynchronousPatternEnabled, null, former.HttpRetryOptions);
    }

    private static string? Header(DurableHttpResponse response, string name)
    {
        foreach (var (key, values) in response.Headers ?? new Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase))
        {
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase) && !string.IsNullOrEmpty(values.ToString()))
                return values.ToString();
        }
        return null;
    }

    private static TimeoutException Late(DurableHttpRequest request) => new($"{request.Method} {request.Uri.GetLeftPart(UriPartial.Path)} was not done in its time.");
}
