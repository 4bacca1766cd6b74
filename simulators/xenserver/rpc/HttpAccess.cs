using System.Text;
using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Who may use the HTTP handlers: a session in the query or a cookie, or a user and password, of a role that works on disks.</summary>
internal static class HttpAccess
{
    private const string Basic = "Basic ";

    /// <summary>Null when the request is let in; else the status that answers it. Under the pool's lock.</summary>
    public static int? Refusal(Pool pool, HttpContext context)
    {
        var role = Role(pool, context.Request);
        if (role is null)
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"XenServer\"";
            return StatusCodes.Status401Unauthorized;
        }

        return role is Roles.ReadOnly or "vm-operator" ? StatusCodes.Status403Forbidden : null;
    }

    /// <summary>A parameter from the query or a cookie.</summary>
    public static string? Parameter(HttpRequest request, string name) =>
        request.Query[name].FirstOrDefault() ?? (request.Cookies[name] is { } cookie ? Uri.UnescapeDataString(cookie) : null);

    private static string? Role(Pool pool, HttpRequest request)
    {
        if (Parameter(request, "session_id") is { } session)
        {
            if (pool.Db.Find<SessionRow>(session) is not { } row)
                return null;
            row.LastActive = pool.Now;
            return row.Role;
        }

        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Basic, StringComparison.Ordinal))
            return null;
        try
        {
            var pair = Encoding.UTF8.GetString(Convert.FromBase64String(header[Basic.Length..].Trim())).Split(':', 2);
            return SessionCalls.Role(pool, pair[0], pair.Length > 1 ? pair[1] : "");
        }
        catch (Exception e) when (e is FormatException or XenError)
        {
            return null;
        }
    }
}
