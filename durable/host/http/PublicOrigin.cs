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
    /// In this order: what a trusted proxy forwards (Forwarded, X-Forwarded-Host and -Proto, X-Original-Host) when httpSettings.useForwardedHost allows it, the
    /// listening address, and for a host that listens on every address what the request asked for. The Host header is not believed otherwise: management URIs
    /// carry a key, and a caller must not choose where it goes.
    /// </summary>
    public Uri? Find()
    {
        var request = requests.HttpContext?.Request;
        if (options.UseForwardedHost && request is not null && IsTrusted(request.HttpContext.Connection.RemoteIpAddress) && ForwardedHeaders.Find(request) is { } forwarded)
        {
            return forwarded;
        }

        var listening = Listening;
        var everywhere = listening is not null && IPAddress.TryParse(listening.Host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));
        return everywhere && request is { Host.HasValue: true } ? new Uri($"{request.Scheme}://{request.Host}") : listening;
    }

    private bool IsTrusted(IPAddress? peer)
    {
        if (peer is { IsIPv4MappedToIPv6: true })
        {
            peer = peer.MapToIPv4();
        }

        return peer is not null && options.TrustedProxies.Any(network => network.BaseAddress.AddressFamily == peer.AddressFamily && network.Contains(peer));
    }
}
