using System.Net;
using SnapshotWorkflows.Durable.Http;

namespace SnapshotWorkflows.Durable.Engine.Http;

/// <summary>
/// Where an answer of 3xx leads, by RFC 9110, section 15.4. Followed by us, not by the handler: that drops nothing but Authorization for another origin, and keeps cookies for whoever
/// calls next.
/// </summary>
internal static class HttpRedirect
{
    /// <summary>As many as browsers take at least.</summary>
    public const int Most = 10;

    /// <returns>Null where the answer is the last word: no redirect, none to http(s), or one that gives encryption up.</returns>
    public static DurableHttpRequest? Next(DurableHttpRequest request, HttpResponseMessage response)
    {
        if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
            || response.Headers.Location is not { } location)
        {
            return null;
        }
        var to = location.IsAbsoluteUri ? location : new Uri(request.Uri, location);
        if (to.Scheme is not ("http" or "https") || (request.Uri.Scheme == "https" && to.Scheme == "http"))
            return null;
        var keepsMethod = response.StatusCode is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
            || request.Method == HttpMethod.Get || request.Method == HttpMethod.Head
            || (response.StatusCode != HttpStatusCode.SeeOther && request.Method != HttpMethod.Post);
        return new DurableHttpRequest(
            keepsMethod ? request.Method : HttpMethod.Get, to, OtherOrigin.Headers(request.Headers, request.Uri, to), keepsMethod ? request.Content : null,
            request.AsynchronousPatternEnabled, request.Timeout, request.HttpRetryOptions);
    }
}
