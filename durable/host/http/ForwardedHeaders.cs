using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Durable.Host.Http;

/// <summary>The origin that a proxy was asked for, from the headers it adds: RFC 7239's Forwarded, or the X- ones that came before it.</summary>
internal static class ForwardedHeaders
{
    /// <returns>Null when nothing usable was forwarded.</returns>
    public static Uri? Find(HttpRequest request)
    {
        var (host, scheme) = FromForwarded(FirstOf(request.Headers["Forwarded"]));
        host ??= FirstOf(request.Headers["X-Forwarded-Host"]) ?? FirstOf(request.Headers["X-Original-Host"]);
        scheme ??= FirstOf(request.Headers["X-Forwarded-Proto"]) ?? request.Scheme;
        return host is not null && scheme is "http" or "https"
            && Uri.TryCreate($"{scheme}://{host}", UriKind.Absolute, out var origin) && origin.PathAndQuery == "/" && origin.UserInfo.Length == 0 && origin.Fragment.Length == 0
            ? origin
            : null;
    }

    private static (string? Host, string? Scheme) FromForwarded(string? element)
    {
        string? host = null, scheme = null;
        foreach (var pair in (element ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var value = equals < 0 ? "" : pair[(equals + 1)..].Trim().Trim('"');
            switch (equals < 0 ? "" : pair[..equals].Trim().ToLowerInvariant())
            {
                case "host" when value.Length > 0:
                    host = value;
                    break;
                case "proto" when value.Length > 0:
                    scheme = value.ToLowerInvariant();
                    break;
            }
        }

        return (host, scheme);
    }

    /// <summary>The first proxy is the one that the caller spoke to.</summary>
    private static string? FirstOf(string? header)
    {
        var first = header?.Split(',')[0].Trim();
        return string.IsNullOrEmpty(first) ? null : first;
    }
}
