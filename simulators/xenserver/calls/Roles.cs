namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>The roles of a pool, each of which may do all that those before it may.</summary>
internal static class Roles
{
    public const string ReadOnly = "read-only";
    public const string PoolAdmin = "pool-admin";

    public static IReadOnlyList<string> All { get; } = [ReadOnly, "vm-operator", "vm-admin", "vm-power-admin", "pool-operator", PoolAdmin];

    /// <summary>Refuses a message that the session's role may not send.</summary>
    public static void Check(SessionRow session, Method method)
    {
        var needed = Rank(method.Role);
        if (Rank(session.Role) >= needed)
            return;
        throw new XenError("RBAC_PERMISSION_DENIED", method.Name.ToLowerInvariant(),
            $"No permission in user session. (Roles with this permission: {string.Join(", ", All.Skip(needed).Reverse())})");
    }

    private static int Rank(string role)
    {
        for (var i = 0; i < All.Count; i++)
            if (All[i] == role)
                return i;
        throw new ArgumentException($"There is no role {role}; there are {string.Join(", ", All)}.", nameof(role));
    }
}
