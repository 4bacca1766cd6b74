namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>A release and the version of the API (2.x) that it speaks.</summary>
/// <remarks>xapi-project/xen-api ocaml/idl/datamodel_types.ml; the numbers of xapi itself are only plausible.</remarks>
internal sealed record ApiVersion(int Minor, string Product, string Brand, string Xapi)
{
    /// <summary>XenServer 7.1: the last that the resigning driver was made for.</summary>
    public const int Ely = 6;

    /// <summary>XenServer 7.3: NBD and changed block tracking.</summary>
    public const int Inverness = 8;

    private static readonly (string Name, ApiVersion Version)[] Versions =
    [
        ("7.1", new(Ely, "7.1.2", "XenServer", "1.9")),
        ("7.6", new(11, "7.6.0", "XenServer", "1.110")),
        ("8.0", new(12, "8.0.0", "Citrix Hypervisor", "1.160")),
        ("8.1", new(14, "8.1.0", "Citrix Hypervisor", "1.214")),
        ("8.2", new(15, "8.2.1", "Citrix Hypervisor", "1.20")),
        ("8", new(21, "8.4.0", "XenServer", "24.19")),
        ("9", new(23, "9.0.0", "XenServer", "25.6")),
    ];

    /// <summary>Every version that is simulated, the oldest first.</summary>
    public static IReadOnlyList<string> Known { get; } = [.. Versions.Select(v => v.Name)];

    /// <exception cref="ArgumentException">No such version is simulated.</exception>
    public static ApiVersion Of(string version) => Array.Find(Versions, v => v.Name == version).Version
        ?? throw new ArgumentException($"Version {version} is not simulated; choose {string.Join(", ", Known)}.", nameof(version));
}
