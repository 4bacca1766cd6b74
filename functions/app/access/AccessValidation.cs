using Microsoft.Extensions.Options;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.App.Access;

/// <summary>A role that cannot be read must not become another role.</summary>
internal sealed class AccessValidation : IValidateOptions<AccessOptions>
{
    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = options.Keys.Select(pair => Fault(pair.Key, pair.Value)).OfType<string>().ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static string? Fault(string key, KeyAccess access) => access.Role switch
    {
        _ when string.Equals(key, "master", StringComparison.OrdinalIgnoreCase) => "Access:Keys:master cannot be given a role: the master key is the host's own.",
        AccessRole.None => $"Access:Keys:{key}:Role is missing: operator, tenant or reader.",
        AccessRole.Tenant when access.Accounts.Count == 0 => $"Access:Keys:{key}:Accounts is empty: name the CloudStack accounts of the tenant, as Access:Keys:{key}:Accounts:0.",
        AccessRole.Tenant when access.Accounts.FirstOrDefault(account => !AccountScope.IsValid(account)) is { } bare =>
            $"Access:Keys:{key}:Accounts names '{bare}': an account's name is unique within its domain only, so write <domain uuid>/<account name>, as CloudStack's listAccounts shows them (domainid, name).",
        not AccessRole.Tenant when access.Accounts.Count > 0 => $"Access:Keys:{key}:Accounts is for the role tenant only.",
        _ => null,
    };
}
