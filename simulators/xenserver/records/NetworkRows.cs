namespace SnapshotWorkflows.Simulators.XenServer;

internal sealed class NetworkRow(string uuid) : Row("network", uuid)
{
    public const string Nbd = "nbd";
    public const string InsecureNbd = "insecure_nbd";

    public string Bridge { get; init; } = "";

    /// <summary>What the network may be used for: nbd, insecure_nbd.</summary>
    public HashSet<string> Purpose { get; init; } = new(StringComparer.Ordinal);

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        Named(r);
        r["allowed_operations"] = new List<object?>();
        r["current_operations"] = Map(CurrentOperations);
        r["VIFs"] = Set(db.All<VifRow>().Where(v => v.Network == Ref).Select(v => v.Ref));
        r["PIFs"] = Set(db.All<PifRow>().Where(p => p.Network == Ref).Select(p => p.Ref));
        r["MTU"] = 1500L;
        r["bridge"] = Bridge;
        r["managed"] = true;
        r["blobs"] = new Dictionary<string, object?>();
        r["default_locking_mode"] = "unlocked";
        r["assigned_ips"] = new Dictionary<string, object?>();
        r["purpose"] = Set(Purpose.Order(StringComparer.Ordinal));
    }
}

/// <summary>A host's network interface.</summary>
internal sealed class PifRow(string uuid) : Row("PIF", uuid)
{
    public required string Host { get; init; }

    public required string Network { get; init; }

    public string Ip { get; init; } = "";

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        r["device"] = "eth0";
        r["network"] = Network;
        r["host"] = Host;
        r["MAC"] = "00:16:3e:00:00:0" + (db.All<PifRow>().FindIndex(p => p.Ref == Ref) + 1);
        r["MTU"] = 1500L;
        r["VLAN"] = -1L;
        r["metrics"] = NullRef;
        r["physical"] = true;
        r["currently_attached"] = true;
        r["ip_configuration_mode"] = "Static";
        r["IP"] = Ip;
        r["netmask"] = "255.0.0.0";
        r["gateway"] = "";
        r["DNS"] = "";
        r["bond_slave_of"] = NullRef;
        r["bond_master_of"] = new List<object?>();
        r["VLAN_master_of"] = NullRef;
        r["VLAN_slave_of"] = new List<object?>();
        r["management"] = true;
        Configured(r);
        r["disallow_unplug"] = false;
        r["tunnel_access_PIF_of"] = new List<object?>();
        r["tunnel_transport_PIF_of"] = new List<object?>();
        r["ipv6_configuration_mode"] = "None";
        r["IPv6"] = new List<object?>();
        r["ipv6_gateway"] = "";
        r["primary_address_type"] = "IPv4";
        r["managed"] = true;
        r["properties"] = new Dictionary<string, object?>();
        r["capabilities"] = new List<object?>();
    }
}
