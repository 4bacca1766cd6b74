using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Durable.Host.Configuration;

namespace SnapshotWorkflows.Durable.Host.Http;

/// <summary>extensions.http.maxConcurrentRequests and maxOutstandingRequests: so many run, some more wait, the rest is answered 429.</summary>
internal sealed class RequestThrottle : IDisposable
{
    private readonly ConcurrencyLimiter? _limiter;

    public RequestThrottle(HttpHostOptions options)
    {
        if (options.MaxConcurrentRequests < 0 && options.MaxOutstandingRequests < 0)
        {
            return;
        }

        var concurrent = options.MaxConcurrentRequests < 0 ? options.MaxOutstandingRequests : options.MaxConcurrentRequests;
        var outstanding = options.MaxOutstandingRequests < 0 ? int.MaxValue : options.MaxOutstandingRequests;
        _limiter = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = concurrent,
            QueueLimit = Math.Max(0, outstanding - concurrent),
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
    }

    /// <exception cref="HostProblemException">429: no room, not even to wait.</exception>
    public async ValueTask<IDisposable?> EnterAsync(HttpContext context)
    {
        if (_limiter is null)
        {
            return null;
        }

        var lease = await _limiter.AcquireAsync(1, context.RequestAborted);
        if (lease.IsAcquired)
        {
            return lease;
        }

        lease.Dispose();
        context.Response.OnStarting(() =>
        {
            context.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        });
        throw new HostProblemException(new HostProblem(
            StatusCodes.Status429TooManyRequests, "requests.tooMany", "Too many requests are being handled.", "Try again after the time in Retry-After."));
    }

    public void Dispose() => _limiter?.Dispose();
}
