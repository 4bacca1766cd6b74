using System.Text.Json.Serialization;
using Microsoft.Extensions.Primitives;

namespace SnapshotWorkflows.Durable.Http;

/// <summary>
/// An HTTP call of an orchestrator. It is an activity's input, so it is kept in history as it is given. A secret is named, not given: a header value may hold
/// <c>%Setting%</c>, which is replaced by that setting when the call is made (<c>"Bearer %BillingToken%"</c>).
/// </summary>
[method: JsonConstructor]
public class DurableHttpRequest(
    HttpMethod method, Uri uri, IDictionary<string, StringValues>? headers = null, string? content = null, bool asynchronousPatternEnabled = true,
    TimeSpan? timeout = null, HttpRetryOptions? httpRetryOptions = null)
{
    [JsonPropertyName("method")]
    [JsonConverter(typeof(HttpMethodConverter))]
    public HttpMethod Method { get; init; } = method;

    /// <summary>Absolute, http or https.</summary>
    [JsonPropertyName("uri")]
    public Uri Uri { get; init; } = uri;

    [JsonPropertyName("headers")]
    [JsonConverter(typeof(HttpHeadersConverter))]
    public IDictionary<string, StringValues>? Headers { get; init; } = headers;

    [JsonPropertyName("content")]
    public string? Content { get; init; } = content;

    /// <summary>Whether an answer of 202 with a Location is followed, by durable timers, until there is another.</summary>
    [JsonPropertyName("asynchronousPatternEnabled")]
    public bool AsynchronousPatternEnabled { get; init; } = asynchronousPatternEnabled;

    /// <summary>For the call with all its retries and polls, in orchestration time; null for none. 100 s bound each request where there is none.</summary>
    [JsonPropertyName("timeout")]
    public TimeSpan? Timeout { get; init; } = timeout;

    [JsonPropertyName("retryOptions")]
    public HttpRetryOptions? HttpRetryOptions { get; init; } = httpRetryOptions;
}
