namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>The links between hosts and SRs.</summary>
internal static class PbdCalls
{
    public static void Register(MethodTable methods)
    {
        methods.Long("PBD.create", 1, Create);
        methods.Long("PBD.destroy", 1, Destroy);
        methods.Long("PBD.plug", 1, c =>
        {
            var pbd = c.Row<PbdRow>(0, "PBD");
            return pbd.Attached ? null : SrJob.Run(c, c.Db.Get<SrRow>("SR", pbd.Sr), "plug", () =>
            {
                Plug(c.Pool, pbd);
                return null;
            });
        });
        methods.Long("PBD.unplug", 1, Unplug);
    }

    public static PbdRow Add(Pool pool, HostRow host, SrRow sr, Dictionary<string, string> config, Dictionary<string, string> otherConfig)
    {
        if (sr.Pbds(pool.Db).FirstOrDefault(p => p.Host == host.Ref) is { } existing)
            throw new XenError("PBD_EXISTS", sr.Ref, host.Ref, existing.Ref);
        return pool.Db.Add(new PbdRow(pool.Ids.New()) { Host = host.Ref, Sr = sr.Ref, DeviceConfig = HideSecrets(pool, config), OtherConfig = otherConfig });
    }

    public static void Plug(Pool pool, PbdRow pbd)
    {
        if (pbd.Attached)
            return;
        var host = pool.Db.Get<HostRow>("host", pbd.Host).Reachable();
        var sr = pool.Db.Get<SrRow>("SR", pbd.Sr);
        if (!sr.Shared && sr.Pbds(pool.Db).FirstOrDefault(p => p.Attached) is { } elsewhere)
            throw new XenError("SR_NOT_SHARABLE", sr.Ref, elsewhere.Host);
        pbd.Attachment = pool.Driver(sr).Attach(host, sr, pbd.DeviceConfig);
        pool.Db.Touch(pbd);
    }

    /// <summary>Deletes the record, and with it what it holds.</summary>
    public static void Remove(Pool pool, PbdRow pbd)
    {
        pbd.Attachment?.Dispose();
        pbd.Attachment = null;
        foreach (var (key, value) in pbd.DeviceConfig)
            if (key.EndsWith("_secret", StringComparison.Ordinal) && pool.Db.FindByUuid<SecretRow>(value) is { } secret)
                pool.Db.Remove(secret);
        pool.Db.Remove(pbd);
    }

    private static object? Create(Call call)
    {
        var fields = call.Struct(0);
        var host = call.Db.Get<HostRow>("host", fields.Text("host"));
        var sr = call.Db.Get<SrRow>("SR", fields.Text("SR"));
        return Add(call.Pool, host, sr, fields.Map("device_config", required: true), fields.Map("other_config")).Ref;
    }

    private static object? Destroy(Call call)
    {
        var pbd = call.Row<PbdRow>(0, "PBD");
        if (pbd.Attached)
            throw new XenError("OPERATION_NOT_ALLOWED", "PBD is currently attached");
        Remove(call.Pool, pbd);
        return null;
    }

    private static object? Unplug(Call call)
    {
        var pbd = call.Row<PbdRow>(0, "PBD");
        return pbd.Attached ? SrJob.Run(call, call.Db.Get<SrRow>("SR", pbd.Sr), "unplug", () => Unplug(call, pbd)) : null;
    }

    private static object? Unplug(Call call, PbdRow pbd)
    {
        if (!pbd.Attached)
            return null;
        call.Db.Get<HostRow>("host", pbd.Host).Reachable();
        var sr = call.Db.Get<SrRow>("SR", pbd.Sr);
        foreach (var vdi in sr.Vdis(call.Db))
        {
            if (vdi.CurrentOperations.FirstOrDefault() is { Key: not null } op)
                throw new XenError("OTHER_OPERATION_IN_PROGRESS", "VDI", vdi.Ref, op.Value, op.Key);
            if (vdi.Vbds(call.Db).Any(v => v.Attached && call.Db.Get<VmRow>("VM", v.Vm).ResidentOn == pbd.Host))
                throw new XenError("VDI_IN_USE", vdi.Ref, "unplug");
        }

        pbd.Attachment!.Dispose();
        pbd.Attachment = null;
        call.Db.Touch(pbd);
        return null;
    }

    private static Dictionary<string, string> HideSecrets(Pool pool, Dictionary<string, string> config)
    {
        var stored = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in config)
        {
            if (key.EndsWith("password", StringComparison.Ordinal))
                stored[key + "_secret"] = pool.Db.Add(new SecretRow(pool.Ids.New()) { Value = value }).Uuid;
            else
                stored[key] = value;
        }

        return stored;
    }
}
