using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Which function each role may call. What is not listed is an operator's, so that a new route opens to nobody by being forgotten.</summary>
public static class RoleRules
{
    /// <summary>Each of these holds what it shows and does against the tenant's accounts.</summary>
    private static readonly HashSet<string> s_tenant = new(StringComparer.OrdinalIgnoreCase)
    {
        "CreateSnapshot", "GetSnapshot", "ListSnapshots", "CancelSnapshot", "DeleteSnapshotCopy",
        "RestoreSnapshot", "GetRestore", "CancelRestore", "SnapshotVm", "GetGroup", "CancelGroup", "ListUsage",
    };

    /// <summary>Reads that are not for every eye: they show what an operator configured.</summary>
    private static readonly HashSet<string> s_operatorReads = new(StringComparer.OrdinalIgnoreCase) { "GetLeaks", "GetReadiness" };

    /// <summary>Writes by their verb that change nothing.</summary>
    private static readonly HashSet<string> s_readsByPost = new(StringComparer.OrdinalIgnoreCase) { "PreviewPolicy" };

    public static bool Allows(AccessRole role, string? function, string method) => role switch
    {
        AccessRole.Operator => true,
        AccessRole.Tenant => function is not null && s_tenant.Contains(function),
        AccessRole.Reader => function is not null && !s_operatorReads.Contains(function)
            && (HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || s_readsByPost.Contains(function)),
        _ => false,
    };

    /// <summary>The key's identity with its role, and a tenant's accounts, in the place of the host's role.</summary>
    public static ClaimsIdentity IdentityOf(ClaimsIdentity key, KeyAccess access)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(access);
        var kept = key.Claims.Where(claim => claim.Type != ClaimTypes.Role);
        var identity = new ClaimsIdentity(kept, key.AuthenticationType);
        identity.AddClaim(new Claim(ClaimTypes.Role, access.Role.ToString().ToLowerInvariant()));
        foreach (var account in access.Accounts) identity.AddClaim(new Claim(CallerAccess.AccountClaim, account));
        return identity;
    }
}
