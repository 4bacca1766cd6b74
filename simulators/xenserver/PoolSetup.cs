namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>What a fresh pool holds: itself, its hosts with their control domains, and its storage plug-ins.</summary>
internal static class PoolSetup
{
    private static readonly string[] Usual =
        ["SR_PROBE", "SR_UPDATE", "VDI_CREATE", "VDI_DELETE", "VDI_ATTACH", "VDI_DETACH", "VDI_CLONE", "VDI_SNAPSHOT", "VDI_RESIZE", "VDI_INTRODUCE", "VDI_UPDATE", "VDI_CONFIG_CBT"];

    // Everything of the simulators listens there.
    private const string Loopback = "127.0.0.1";

    public static bool HasResign(XenServerOptions options) => ApiVersion.Of(options.ProductVersion).Minor < ApiVersion.Inverness;

    public static void Fill(Pool pool)
    {
        var options = pool.Options;
        var version = ApiVersion.Of(options.ProductVersion);
        if (options.Hosts.Count == 0)
            throw new ArgumentException("A pool needs at least its coordinator.", nameof(pool));
        var self = pool.Db.Add(new PoolRow(pool.Ids.New()) { NameLabel = options.PoolName });
        var network = pool.Db.Add(new NetworkRow(pool.Ids.New())
        {
            NameLabel = "Pool-wide network associated with eth0", Bridge = "xenbr0", Purpose = options.NbdPurpose.Length == 0 ? [] : [options.NbdPurpose],
        });
        foreach (var host in options.Hosts)
        {
            var metrics = pool.Db.Add(new HostMetricsRow(pool.Ids.New()) { LastUpdated = pool.Now });
            var row = pool.Db.Add(new HostRow(pool.Ids.New())
            {
                NameLabel = host.Name,
                Address = host.Address,
                IscsiIqn = host.InitiatorIqn,
                ApiMinor = version.Minor,
                Metrics = metrics.Ref,
                SoftwareVersion = new(StringComparer.Ordinal)
                {
                    ["product_version"] = version.Product, ["product_brand"] = version.Brand, ["xapi"] = version.Xapi, ["api_version"] = "2." + version.Minor,
                },
            });
            row.OtherConfig["iscsi_iqn"] = host.InitiatorIqn;
            pool.Db.Add(new PifRow(pool.Ids.New()) { Host = row.Ref, Network = network.Ref, Ip = Loopback });
            if (self.Master == Row.NullRef)
                self.Master = row.Ref;
            pool.Db.Add(new VmRow(pool.Ids.New())
            {
                NameLabel = "Control domain on host: " + host.Name, IsControlDomain = true, PowerState = "Running", ResidentOn = row.Ref,
            });
        }

        foreach (var role in Roles.All)
            pool.Db.Add(new RoleRow(pool.Ids.New()) { NameLabel = role, NameDescription = "The " + role + " role" });
        Plugin(pool, "lvmoiscsi", "LVHD over iSCSI", Usual);
        Plugin(pool, "nfs", "NFS VHD", Usual);
        Plugin(pool, "file", "Local Path VHD", Usual);
        if (HasResign(options))
            Plugin(pool, "relvmoiscsi", "LVHD over iSCSI, resigning", ["SR_CREATE"]);
    }

    private static void Plugin(Pool pool, string type, string label, string[] capabilities) =>
        pool.Db.Add(new SmRow(pool.Ids.New()) { NameLabel = label, Type = type, Capabilities = capabilities });
}
