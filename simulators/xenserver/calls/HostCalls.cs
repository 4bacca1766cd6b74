namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Hosts and secrets beyond their records.</summary>
internal static class HostCalls
{
    public static void Register(MethodTable methods)
    {
        methods.Long("host.call_plugin", 4, CallPlugin);
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
