using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>What the caller of a request may see, as the gate noted it on the request's user.</summary>
internal static class CallerAccess
{
    /// <summary>The claim by which the gate names one account of a tenant's key.</summary>
    public const string AccountClaim = "urn:snapshotworkflows:account";

    public static bool IsOperator(this HttpRequest request) => request.HttpContext.User.IsInRole(nameof(AccessRole.Operator).ToLowerInvariant());

    /// <summary>The accounts of a tenant's key, each as <c>domain uuid/name</c>; null where the caller sees all of them.</summary>
    public static IReadOnlyList<string>? Accounts(this HttpRequest request) => request.HttpContext.User.IsInRole(nameof(AccessRole.Tenant).ToLowerInvariant())
        ? [.. request.HttpContext.User.FindAll(AccountClaim).Select(claim => claim.Value)]
        : null;

    /// <summary>Whether a snapshot is the caller's to see. Until its volume was looked up nobody knows its account; then it is its caller's.</summary>
    public static bool Sees(this HttpRequest request, SnapshotView view) =>
        request.Accounts() is not { } accounts || (view.Account is null ? view.Caller == request.Caller() : AccountScope.Covers(accounts, view.DomainId, view.Account));

    /// <summary>Whether a catalog's row is the caller's to see.</summary>
    public static bool Sees(this HttpRequest request, SnapshotRow row) =>
        request.Accounts() is not { } accounts || (row.Account is null ? row.Caller == request.Caller() : AccountScope.Covers(accounts, row.DomainId, row.Account));

    /// <summary>The addresses of the durable task API carry a key that steers every instance: for operators only.</summary>
    public static HttpManagementPayload? Management(this HttpRequest request, DurableTaskClient client, string instance) =>
        request.IsOperator() ? client.CreateHttpManagementPayload(instance) : null;
}
