using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>A host that does not see a disk's SR points at one that does; the client sends its credentials there again.</summary>
internal static class HostRedirect
{
    /// <summary>Null when this host sees the SR, or when none does.</summary>
    public static HostRow? Elsewhere(Pool pool, HostRow host, VdiRow vdi)
    {
        var plugged = pool.Db.All<PbdRow>().Where(p => p.Sr == vdi.Sr && p.Attached).ToList();
        return plugged.Exists(p => p.Host == host.Ref) ? null : plugged.Select(p => pool.Db.Get<HostRow>("host", p.Host)).FirstOrDefault(h => h.Online);
    }

    public static void To(HttpContext context, HostRow other)
    {
        context.Response.StatusCode = StatusCodes.Status302Found;
        // A real host's address has no port, since all hosts have the same one.
        var authority = other.Port is { } port && !other.Address.Contains(':') ? $"{other.Address}:{port}" : other.Address;
        context.Response.Headers.Location = $"https://{authority}{context.Request.Path}{context.Request.QueryString}";
    }
}
