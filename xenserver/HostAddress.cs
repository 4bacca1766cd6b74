using System.Net;
using System.Net.Sockets;

namespace SnapshotWorkflows.XenServer;

/// <summary>Addresses as pools tell them: an IP or name, with or without a port.</summary>
internal static class HostAddress
{
    /// <summary>The host's base address, with scheme and (where none is told) port of the pool's endpoint; null when it is no address.</summary>
    public static Uri? Resolve(string address, Uri endpoint)
    {
        if (string.IsNullOrWhiteSpace(address) || address.AsSpan().IndexOfAny("/?#@ ") >= 0) return null;
        var authority = IPAddress.TryParse(address, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6 && !address.StartsWith('[') ? $"[{address}]" : address;
        if (!Uri.TryCreate($"{endpoint.Scheme}://{authority}", UriKind.Absolute, out var resolved)) return null;
        var told = authority.LastIndexOf(':') > authority.LastIndexOf(']');
        return told || endpoint.IsDefaultPort ? resolved : new UriBuilder(resolved) { Port = endpoint.Port }.Uri;
    }
}
