using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Durable.Host.Http;

/// <summary>Scheme, host and port under which callers reach this host.</summary>
internal sealed class PublicOrigin(IServer server, IHttpContextAccessor requests, DurableTaskHostOptions options)
{
    /// <summary>The address that Kestrel listens on; null before it does.</summary>
    public Uri? Listening =>
        server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } address ? new Uri(address) : null;

    /// <summary>
    /// In this order: X-Forwarded-Host and -Proto when httpSettings.useForwardedHost allows them, the listening address, and for a host that listens on
    /// every address what the request asked for. The Host header is not believed otherwise: management URIs carry a key, and a caller must not choose where it goes.
    /// </summary>
    public Uri? Find()
    {
        var request = requests.HttpContext?.Request;
        if (options.UseForwardedHost && request is not null && FirstOf(request.Headers["X-Forwarded-Host"]) is { } host)
        {
            var scheme = FirstOf(request.Headers["X-Forwarded-Proto"]) ?? request.Scheme;
            if (scheme is "http" or "https" && Uri.TryCreate($"{scheme}://{host}", UriKind.Absolute, out var forwarded) && forwarded.PathAndQuery == "/" && forwarded.UserInfo.Length == 0)
            {
                return forwarded;
            }
        }

        var listening = Listening;
        var everywhere = listening is not null && IPAddress.TryParse(listening.Host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));
        return everywhere && request is { Host.HasValue: true } ? new Uri($"{request.Scheme}://{request.Host}") : listening;
    }

    private static string? FirstOf(string? header)
    {
        var first = header?.Split(',')[0].Trim();
        return string.IsNullOrEmpty(first) ? null : first;
    }
}
