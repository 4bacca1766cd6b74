using System.Net;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Durable.Http;

/// <summary>When an HTTP call is made again. The waits are durable timers.</summary>
public class HttpRetryOptions
{
    /// <param name="firstRetryInterval">Over zero.</param>
    /// <param name="maxNumberOfAttempts">Attempts in all, at least 1.</param>
    /// <param name="statusCodesToRetry">Null or empty: every 4xx and 5xx.</param>
    [JsonConstructor]
    public HttpRetryOptions(TimeSpan firstRetryInterval, int maxNumberOfAttempts, IList<HttpStatusCode>? statusCodesToRetry = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNumberOfAttempts);
        FirstRetryInterval = firstRetryInterval;
        MaxNumberOfAttempts = maxNumberOfAttempts;
        StatusCodesToRetry = statusCodesToRetry ?? [];
    }

    public TimeSpan FirstRetryInterval { get; set; }

    /// <summary>Default six days.</summary>
    public TimeSpan MaxRetryInterval { get; set; } = TimeSpan.FromDays(6);

    /// <summary>Default 1.</summary>
    public double BackoffCoefficient { get; set; } = 1;

    /// <summary>Orchestration time after which there is no further attempt; default none.</summary>
    public TimeSpan RetryTimeout { get; set; } = TimeSpan.MaxValue;

    public int MaxNumberOfAttempts { get; set; }

    public IList<HttpStatusCode> StatusCodesToRetry { get; }
}
