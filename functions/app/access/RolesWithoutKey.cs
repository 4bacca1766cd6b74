using Microsoft.Extensions.Options;
using SnapshotWorkflows.App.Settings;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.App.Access;

/// <summary>
/// Roles of the settings whose key is not there: mistyped, they leave the key that was meant an operator's. Told and not refused, for a role is to be there before its key (docs/install.md).
/// </summary>
internal sealed class RolesWithoutKey(IOptions<AccessOptions> options, IAccessKeyNames keys)
{
    public const string System = "access keys";

    /// <returns>Null where the settings give no roles.</returns>
    public ReadinessFinding? Find()
    {
        if (options.Value.Keys.Count == 0) return null;
        var names = keys.Names();
        var unheld = options.Value.Keys.Keys.Except(names, StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal).ToList();
        return unheld.Count == 0
            ? new ReadinessFinding(System, Ready: true, $"every role is held by a key: {string.Join(", ", options.Value.Keys.Keys.Order(StringComparer.Ordinal))}", Mend: null) { IsAdvice = true }
            : new ReadinessFinding(System, Ready: false, $"{unheld.Count} of {options.Value.Keys.Count} roles are held by no key", string.Join(" ", unheld.Select(name => Mend(name, names)))) { IsAdvice = true };
    }

    private string Mend(string name, IReadOnlyCollection<string> names)
    {
        var nearest = NearestName.Of(name, names.Where(key => !options.Value.Keys.ContainsKey(key)));
        return $"Access:Keys:{name} gives a role to a key that is not there{(nearest is null ? "" : $"; there is {nearest}, which is an operator's")}. Correct the name, or make the key: POST /admin/host/keys/{name} with the master key.";
    }
}
