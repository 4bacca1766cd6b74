namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>What is in a pool now, as a test looks for leftovers.</summary>
public sealed record PoolInventory(
    string Name,
    IReadOnlyList<InventorySr> Srs,
    IReadOnlyList<InventoryPbd> Pbds,
    IReadOnlyList<InventoryVdi> Vdis,
    IReadOnlyList<InventoryVbd> Vbds,
    IReadOnlyList<InventoryTask> Tasks,
    IReadOnlyList<InventoryVm> Vms,
    IReadOnlyList<string> FrozenVms,
    IReadOnlyList<InventoryHost> Hosts);

/// <summary>An SR; <paramref name="Pbds"/> are the uuids of its PBDs.</summary>
public sealed record InventorySr(string Uuid, string Label, string Type, IReadOnlyList<string> Pbds, IReadOnlyDictionary<string, string> OtherConfig);

public sealed record InventoryPbd(string Uuid, string Sr, string Host, bool Attached);

public sealed record InventoryVdi(
    string Uuid, string Sr, string Label, bool IsSnapshot, IReadOnlyDictionary<string, string> OtherConfig, IReadOnlyCollection<string> CurrentOperations);

public sealed record InventoryVbd(string Uuid, string Vm, string Vdi, bool ReadOnly, bool Attached);

public sealed record InventoryTask(string Uuid, string Name, string Status, double Progress, IReadOnlyDictionary<string, string> OtherConfig);

/// <summary>A machine, control domains left out; a pause's mark is in its other_config.</summary>
public sealed record InventoryVm(string Uuid, string Label, string PowerState, bool IsSnapshot, IReadOnlyCollection<string> Tags, IReadOnlyDictionary<string, string> OtherConfig);

/// <summary>A host as the world's builder and its control need it.</summary>
public sealed record InventoryHost(string Uuid, string Name, string InitiatorIqn, bool IsCoordinator, bool Online);
