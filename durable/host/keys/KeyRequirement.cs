using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Keys;

/// <summary>Endpoint metadata: the key that a request must carry.</summary>
/// <param name="Function">Whose own keys open the endpoint as well; null = the host's own endpoint.</param>
internal sealed record KeyRequirement(AuthorizationLevel Level, string? Function)
{
    public bool IsOpenedBy(MatchedKey key) => Level switch
    {
        AuthorizationLevel.Anonymous => true,
        AuthorizationLevel.Function => key.Scope is KeyScope.Function or KeyScope.Host or KeyScope.Master,
        AuthorizationLevel.System => key.Scope is KeyScope.System or KeyScope.Master,
        AuthorizationLevel.Admin => key.Scope is KeyScope.Master,
        _ => false,
    };
}
