using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Storage repositories.</summary>
internal static class SrCalls
{
    private const string ResignType = "relvmoiscsi";

    public static void Register(MethodTable methods)
    {
        methods.Long("SR.create", 8, 9, Create);
        methods.Long("SR.introduce", 6, 7, Introduce);
        methods.Long("SR.probe", 3, 4, c => DriverOf(c, c.Text(2)).Probe(c.Row<HostRow>(0, "host").Reachable(), c.Map(1), c.Map(3)));
        methods.Sync("SR.probe_ext", 3, 4, _ => throw new XenError("SR_OPERATION_NOT_SUPPORTED", Row.NullRef));
        methods.Sync("SR.get_supported_types", 0, c => c.Db.All<SmRow>().Select(object? (s) => s.Type).ToList());
        methods.Long("SR.update", 1, c =>
        {
            var sr = c.Row<SrRow>(0, "SR");
            return SrJob.Run(c, sr, "update", () =>
            {
                (sr.PhysicalSize, sr.PhysicalUtilisation) = c.Pool.Driver(sr).Space(c.Pool.Plugged(sr).Attachment!);
                c.Db.Touch(sr);
                return null;
            });
        });
        methods.Long("SR.scan", 1, c =>
        {
            var sr = c.Row<SrRow>(0, "SR");
            return SrJob.Run(c, sr, "scan", () =>
            {
                Scan(c.Pool, sr);
                return null;
            });
        });
        methods.Long("SR.forget", 1, Forget);
        methods.Long("SR.destroy", 1, Destroy);
        methods.Long("SR.set_name_label", 2, c => Rename(c, sr => sr.NameLabel = c.Text(1)));
        methods.Long("SR.set_name_description", 2, c => Rename(c, sr => sr.NameDescription = c.Text(1)));
    }

    /// <summary>Brings the VDI records in line with what the SR holds.</summary>
    public static void Scan(Pool pool, SrRow sr)
    {
        CheckIdle(sr);
        var attachment = pool.Plugged(sr).Attachment!;
        var driver = pool.Driver(sr);
        var found = driver.Scan(attachment);
        var known = sr.Vdis(pool.Db).ToDictionary(v => v.Uuid, StringComparer.Ordinal);
        foreach (var gone in known.Values.Where(v => v.Type != CbtCalls.MetadataType && v.CurrentOperations.Count == 0 && found.All(f => f.Uuid != v.Uuid)).ToList())
            VdiCalls.Forget(pool, gone);
        foreach (var f in found)
        {
            if (known.TryGetValue(f.Uuid, out var vdi))
            {
                (vdi.VirtualSize, vdi.PhysicalUtilisation) = (f.VirtualSize, f.PhysicalUtilisation);
                pool.Db.Touch(vdi);
                continue;
            }

            if (pool.Db.FindByUuid<VdiRow>(f.Uuid) is not null)
                throw XenError.Internal($"Db_exn.Uniqueness_constraint_violation(\"VDI\", \"uuid\", \"{f.Uuid}\")");
            var source = pool.Db.FindByUuid<VdiRow>(f.SnapshotOf);
            pool.Db.Add(new VdiRow(f.Uuid)
            {
                Ref = "OpaqueRef:" + pool.Ids.New(),
                Sr = sr.Ref,
                NameLabel = f.NameLabel,
                NameDescription = f.NameDescription,
                VirtualSize = f.VirtualSize,
                PhysicalUtilisation = f.PhysicalUtilisation,
                Type = f.Type,
                IsSnapshot = f.IsSnapshot,
                SnapshotOf = source?.Ref ?? Row.NullRef,
                SmConfig = new(StringComparer.Ordinal) { ["vdi_type"] = "vhd" },
            });
        }

        (sr.PhysicalSize, sr.PhysicalUtilisation) = driver.Space(attachment);
        pool.Db.Touch(sr);
    }

    /// <summary>One operation at a time on an SR.</summary>
    public static void CheckIdle(SrRow sr)
    {
        foreach (var (task, operation) in sr.CurrentOperations)
            throw new XenError("OTHER_OPERATION_IN_PROGRESS", "SR", sr.Ref, operation, task);
    }

    private static SrDriver DriverOf(Call call, string type) =>
        call.Pool.Drivers.GetValueOrDefault(type) ?? throw new XenError("SR_UNKNOWN_DRIVER", type);

    private static object? Create(Call call)
    {
        var host = call.Row<HostRow>(0, "host").Reachable();
        var config = call.Map(1);
        var type = call.Text(5);
        var sr = new SrRow(call.Pool.Ids.New())
        {
            NameLabel = call.Text(3), NameDescription = call.Text(4), Type = type, ContentType = call.Text(6), Shared = call.Flag(7), SmConfig = call.Map(8),
        };
        if (type == ResignType && PoolSetup.HasResign(call.Pool.Options))
            throw call.Pool.Resigner.Create(host, sr, config, Interrupted(call.Fault));
        DriverOf(call, type).Create(host, sr, config);
        call.Db.Add(sr);
        var hosts = sr.Shared ? call.Db.All<HostRow>().OrderBy(h => h.Ref == call.Pool.Self.Master ? 0 : 1).ToList() : [host];
        var pbds = hosts.ConvertAll(h => PbdCalls.Add(call.Pool, h, sr, config, []));
        try
        {
            foreach (var pbd in pbds.Where(p => call.Db.Get<HostRow>("host", p.Host).Online))
                PbdCalls.Plug(call.Pool, pbd);
        }
        catch (XenError)
        {
            pbds.ForEach(p => PbdCalls.Remove(call.Pool, p));
            call.Db.Remove(sr);
            throw;
        }

        Scan(call.Pool, sr);
        return sr.Ref;
    }

    private static bool Interrupted(FaultSpecification? fault)
    {
        if (fault?.Action is not (FaultAction.Restart or FaultAction.Truncate))
            return false;
        fault.Shows();
        return true;
    }

    private static object? Introduce(Call call)
    {
        DriverOf(call, call.Text(3));
        var uuid = call.Text(0);
        if (uuid.Length > 0 && call.Db.FindByUuid<SrRow>(uuid) is not null)
        {
            throw PoolSetup.HasResign(call.Pool.Options)
                ? XenError.Internal($"Db_exn.Uniqueness_constraint_violation(\"SR\", \"uuid\", \"{uuid}\")")
                : new XenError("SR_UUID_EXISTS", uuid);
        }

        var id = uuid.Length == 0 ? call.Pool.Ids.New() : uuid;
        return call.Db.Add(new SrRow(id)
        {
            // The uuid may have been here before: a reference is never used twice.
            Ref = "OpaqueRef:" + call.Pool.Ids.New(),
            NameLabel = call.Text(1),
            NameDescription = call.Text(2),
            Type = call.Text(3),
            ContentType = call.Text(4),
            Shared = call.Flag(5),
            SmConfig = call.Map(6),
        }).Ref;
    }

    private static object? Forget(Call call)
    {
        var sr = Unplugged(call);
        Remove(call.Pool, sr);
        return null;
    }

    private static object? Destroy(Call call)
    {
        var sr = Unplugged(call);
        if (sr.OtherConfig.GetValueOrDefault("indestructible") == "true")
            throw new XenError("SR_INDESTRUCTIBLE", sr.Ref);
        var pbd = sr.Pbds(call.Db).FirstOrDefault() ?? throw new XenError("SR_NO_PBDS", sr.Ref);
        var driver = call.Pool.Driver(sr);
        using (var attachment = driver.Attach(call.Db.Get<HostRow>("host", pbd.Host).Reachable(), sr, pbd.DeviceConfig))
        {
            if (driver.Scan(attachment).Count > 0)
                throw new XenError("SR_NOT_EMPTY");
            driver.Destroy(attachment);
        }

        Remove(call.Pool, sr);
        return null;
    }

    private static SrRow Unplugged(Call call)
    {
        var sr = call.Row<SrRow>(0, "SR");
        CheckIdle(sr);
        return sr.Pbds(call.Db).Any(p => p.Attached) ? throw new XenError("SR_HAS_PBD", sr.Ref) : sr;
    }

    /// <summary>Drops the SR with its rows; its data stays.</summary>
    public static void Remove(Pool pool, SrRow sr)
    {
        foreach (var vdi in sr.Vdis(pool.Db).ToList())
            VdiCalls.Forget(pool, vdi);
        foreach (var pbd in sr.Pbds(pool.Db).ToList())
            PbdCalls.Remove(pool, pbd);
        pool.Db.Remove(sr);
    }

    private static object? Rename(Call call, Action<SrRow> change)
    {
        var sr = call.Row<SrRow>(0, "SR");
        call.Pool.Plugged(sr);
        change(sr);
        call.Db.Touch(sr);
        return null;
    }
}
