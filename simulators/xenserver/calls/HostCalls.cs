namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Hosts and secrets beyond their records.</summary>
internal static class HostCalls
{
    private const long FreeMemory = 8L << 30;

    public static void Register(MethodTable methods)
    {
        methods.Long("host.call_plugin", 4, CallPlugin);
        methods.Sync("host.get_servertime", 1, c => Time(c));
        methods.Sync("host.get_server_localtime", 1, c => Time(c));
        methods.Sync("host.get_server_certificate", 1, c => c.Row<HostRow>(0, "host").Reachable().CertificatePem);
        methods.Sync("host.get_management_interface", 1, c => c.Db.All<PifRow>().Find(p => p.Host == c.Row<HostRow>(0, "host").Ref)?.Ref ?? Row.NullRef);
        methods.Sync("host.compute_free_memory", 1, c =>
        {
            c.Row<HostRow>(0, "host").Reachable();
            return FreeMemory;
        });
        methods.Long("host.disable", 1, 2, c => SetEnabled(c, false));
        methods.Long("host.enable", 1, c => SetEnabled(c, true));
        methods.Sync("pool.sync_database", 0, _ => null);
        methods.Sync("pool.has_extension", 2, _ => false);
        methods.Sync("VM.get_possible_hosts", 1, c =>
        {
            c.Row<VmRow>(0, "VM");
            return c.Db.All<HostRow>().Where(h => h.Online).Select(object? (h) => h.Ref).ToList();
        });
        methods.Sync("VM.assert_can_boot_here", 2, c =>
        {
            c.Row<VmRow>(0, "VM");
            c.Row<HostRow>(1, "host").Reachable();
            return null;
        });
        methods.Sync("VM.update_allowed_operations", 1, Known);
        methods.Long("VM.provision", 1, Known);
        methods.Sync("secret.create", 1, c =>
        {
            var fields = c.Struct(0);
            return c.Db.Add(new SecretRow(c.Pool.Ids.New()) { Value = fields.Text("value"), OtherConfig = fields.Map("other_config") }).Ref;
        });
        methods.Sync("secret.destroy", 1, c =>
        {
            c.Db.Remove(c.Row<SecretRow>(0, "secret"));
            return null;
        });
    }

    /// <summary>Nothing is to be done, but the machine has to be there.</summary>
    private static object? Known(Call call)
    {
        call.Row<VmRow>(0, "VM");
        return null;
    }

    private static object? Time(Call call)
    {
        call.Row<HostRow>(0, "host").Reachable();
        return call.Pool.Now;
    }

    private static object? SetEnabled(Call call, bool enabled)
    {
        var host = call.Row<HostRow>(0, "host").Reachable();
        host.Extra["enabled"] = enabled;
        call.Db.Touch(host);
        return null;
    }

    /// <summary>CloudStack's plug-in that mounts secondary storage in the control domain; no other is installed.</summary>
    private static object? CallPlugin(Call call)
    {
        var host = call.Row<HostRow>(0, "host").Reachable();
        if (call.Text(1) != "cloud-plugin-storage")
            throw new XenError("XENAPI_MISSING_PLUGIN", call.Text(1));
        if (call.Text(2) != "mountNfsSecondaryStorage")
            throw new XenError("XENAPI_PLUGIN_FAILURE", "UnknownFunction", call.Text(2));
        var arguments = call.Map(3);
        var folder = call.Pool.Exports.Folder(arguments.GetValueOrDefault("remoteDir", ""));
        if (folder is null || arguments.GetValueOrDefault("localDir") is not { Length: > 0 } local)
            throw new XenError("XENAPI_PLUGIN_FAILURE", "mountNfsSecondaryStorage", "mount failed");
        host.Mounts[local.TrimEnd('/')] = folder;
        return local;
    }
}
