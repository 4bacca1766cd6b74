using System.Net;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Primitives;

namespace SnapshotWorkflows.Durable.Http;

/// <summary>The answer to a <see cref="DurableHttpRequest"/>, kept in history; Set-Cookie is left out of it.</summary>
[method: JsonConstructor]
public class DurableHttpResponse(HttpStatusCode statusCode, IDictionary<string, StringValues>? headers = null, string? content = null)
{
    [JsonPropertyName("statusCode")]
    public HttpStatusCode StatusCode { get; init; } = statusCode;

    /// <summary>Names compare without regard to case.</summary>
    [JsonPropertyName("headers")]
    [JsonConverter(typeof(HttpHeadersConverter))]
    public IDictionary<string, StringValues>? Headers { get; init; } = headers;

    [JsonPropertyName("content")]
    public string? Content { get; init; } = content;
}
