namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// Classes of which this pool has no object: whoever lists everything, as the bindings and management consoles do, finds empty lists rather than unknown
/// messages.
/// </summary>
/// <remarks>Names and the API version (2.x) in which each came up: xapi-project.github.io _data/xenapi.json and release tables.</remarks>
internal static class EmptyClasses
{
    private static readonly (string Name, int Since)[] Classes =
    [
        ("Bond", 0), ("VLAN", 0), ("tunnel", 0), ("console", 0), ("crashdump", 0), ("host_cpu", 0), ("host_crashdump", 0), ("host_patch", 0), ("pool_patch", 0),
        ("PIF_metrics", 0), ("VBD_metrics", 0), ("VIF_metrics", 0), ("blob", 0), ("VM_appliance", 0), ("DR_task", 0), ("PCI", 0), ("PGPU", 0), ("GPU_group", 0), ("VGPU", 0), ("VGPU_type", 0),
        ("pool_update", 6), ("PVS_site", 6), ("PVS_server", 6), ("PVS_proxy", 6), ("PVS_cache_storage", 6), ("Feature", 7), ("VMSS", 7), ("SDN_controller", 7),
        ("PUSB", 8), ("USB_group", 8), ("VUSB", 8), ("Cluster", 10), ("Cluster_host", 10), ("network_sriov", 10), ("Certificate", 15),
    ];

    private static readonly HashSet<string> Named =
        new(["host_patch", "pool_patch", "blob", "VM_appliance", "GPU_group", "pool_update", "PVS_site", "Feature", "VMSS", "USB_group"], StringComparer.Ordinal);

    public static void Register(MethodTable methods)
    {
        foreach (var (name, since) in Classes)
        {
            Add(".get_all", 0, _ => new List<object?>());
            Add(".get_all_records", 0, _ => new Dictionary<string, object?>(StringComparer.Ordinal));
            Add(".get_by_uuid", 1, c => throw new XenError("UUID_INVALID", name, c.Text(0)));
            Add(".get_record", 1, c => throw new XenError("HANDLE_INVALID", name, c.Text(0)));
            if (Named.Contains(name))
                Add(".get_by_name_label", 1, _ => new List<object?>());

            void Add(string message, int arguments, Func<Call, object?> body)
            {
                methods.Sync(name + message, arguments, body);
                methods.Since(since, name + message);
            }
        }
    }
}
