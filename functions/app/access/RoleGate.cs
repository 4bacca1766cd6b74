using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.App.Access;

/// <summary>Holds every request against the role of its key. Master and system keys are the host's own and pass.</summary>
internal sealed class RoleGate(IOptions<AccessOptions> options) : IRequestGate
{
    public RequestRefusal? Refuses(HttpContext context, string? function)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.User.Identity is not ClaimsIdentity { Name: { } key } identity || !options.Value.Keys.TryGetValue(key, out var access)) return null;
        context.User = new ClaimsPrincipal(RoleRules.IdentityOf(identity, access));
        if (RoleRules.Allows(access.Role, function, context.Request.Method)) return null;
        return new RequestRefusal(
            StatusCodes.Status403Forbidden, "key.role", $"The key '{key}' has the role {access.Role.ToString().ToLowerInvariant()}, which may not do this.", "Use an operator's key.");
    }
}
