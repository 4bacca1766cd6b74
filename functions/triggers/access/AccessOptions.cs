namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Settings <c>Access</c>: what the holder of each key may do. A key that is not named here is an operator's.</summary>
public sealed class AccessOptions
{
    public const string Section = "Access";

    /// <summary>By the key's name, as the host's key routes give it.</summary>
    public Dictionary<string, KeyAccess> Keys { get; } = new(StringComparer.OrdinalIgnoreCase);
}

/// <summary>One key's role.</summary>
public sealed class KeyAccess
{
    public AccessRole Role { get; set; }

    /// <summary>CloudStack accounts, each as <c>domain uuid/account name</c>, whose volumes a tenant's key may see and back up; at least one for a tenant, none otherwise.</summary>
    public IReadOnlyList<string> Accounts { get; set; } = [];
}

/// <summary>From the least to the most.</summary>
public enum AccessRole
{
    /// <summary>Not set: refused at start.</summary>
    None,

    /// <summary>Looks at everything, changes nothing.</summary>
    Reader,

    /// <summary>Works on the snapshots of some accounts, and sees no others.</summary>
    Tenant,

    /// <summary>Everything.</summary>
    Operator,
}
