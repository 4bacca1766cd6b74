namespace SnapshotWorkflows.Contracts;

/// <summary>
/// Whose a volume is, as <c>domain uuid/account name</c>: CloudStack's account names are unique within a domain only (account table: unique by name and domain), so a name alone would open one
/// tenant's volumes to another's key.
/// </summary>
public static class AccountScope
{
    /// <returns>Null where CloudStack tells no account: a project's volume.</returns>
    public static string? Of(string? domainId, string? account) => string.IsNullOrEmpty(account) ? null : string.IsNullOrEmpty(domainId) ? account : $"{domainId}/{account}";

    /// <summary>Whether one of these scopes is the owner's.</summary>
    /// <param name="scopes">
    /// As of <see cref="Of"/>. A bare name comes only out of a request that was started before scopes had domains: it goes on as it was begun. Settings with one are refused at start.
    /// </param>
    public static bool Covers(IEnumerable<string> scopes, string? domainId, string? account) =>
        Of(domainId, account) is { } scope && scopes.Any(one => one == scope || (!one.Contains('/', StringComparison.Ordinal) && one == account));

    /// <summary>A domain's uuid, a slash, and an account's name.</summary>
    public static bool IsValid(string scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        var slash = scope.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && slash < scope.Length - 1 && Guid.TryParseExact(scope[..slash], "D", out _) && !scope[..slash].Any(char.IsAsciiLetterUpper);
    }
}
