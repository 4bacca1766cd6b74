namespace SnapshotWorkflows.Simulators.XenServer;

internal sealed class PoolRow(string uuid) : Row("pool", uuid)
{
    public string Master { get; set; } = NullRef;

    public string DefaultSr { get; set; } = NullRef;

    public override void Set(string field, object? value)
    {
        if (field == "default_SR")
            DefaultSr = Text(field, value);
        else
            base.Set(field, value);
    }

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        Named(r);
        r["master"] = Master;
        r["default_SR"] = DefaultSr;
        r["suspend_image_SR"] = NullRef;
        r["crash_dump_SR"] = NullRef;
        r["ha_enabled"] = false;
    }
}

internal sealed class HostRow(string uuid) : Row("host", uuid)
{
    public string Address { get; set; } = "";

    public string IscsiIqn { get; set; } = "";

    public bool Online { get; set; } = true;

    public int ApiMinor { get; init; }

    public Dictionary<string, string> SoftwareVersion { get; init; } = [];

    public string Metrics { get; init; } = NullRef;

    /// <summary>The port of its API, where that is not the standard one.</summary>
    public int? Port { get; set; }

    /// <summary>Where its NBD server listens; null while it has none.</summary>
    public int? NbdPort { get; set; }

    /// <summary>The certificate that it shows, once it listens anywhere.</summary>
    public string CertificatePem { get; set; } = "";

    /// <summary>What a plug-in mounted in the control domain: path there → local folder.</summary>
    public Dictionary<string, string> Mounts { get; init; } = new(StringComparer.Ordinal);

    public string InitiatorIqn => OtherConfig.GetValueOrDefault("iscsi_iqn", IscsiIqn);

    /// <summary>A call that must run on a host that is away is refused by the coordinator.</summary>
    public HostRow Reachable() => Online ? this : throw new XenError("HOST_OFFLINE", Ref);

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        Named(r);
        r["address"] = Address;
        r["hostname"] = NameLabel;
        r["enabled"] = true;
        r["iscsi_iqn"] = InitiatorIqn;
        r["API_version_major"] = 2L;
        r["API_version_minor"] = (long)ApiMinor;
        r["API_version_vendor"] = "XenSource";
        r["software_version"] = Map(SoftwareVersion);
        r["metrics"] = Metrics;
        r["PBDs"] = Set(db.All<PbdRow>().Where(p => p.Host == Ref).Select(p => p.Ref));
        r["resident_VMs"] = Set(db.All<VmRow>().Where(v => v.ResidentOn == Ref).Select(v => v.Ref));
        r["allowed_operations"] = new List<object?>();
        r["current_operations"] = Map(CurrentOperations);
        r["multipathing"] = false;
    }
}

internal sealed class HostMetricsRow(string uuid) : Row("host_metrics", uuid)
{
    public bool Live { get; set; } = true;

    public DateTimeOffset LastUpdated { get; set; }

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        r["live"] = Live;
        r["last_updated"] = LastUpdated;
        r["memory_total"] = 64L << 30;
        r["memory_free"] = 32L << 30;
        Configured(r);
    }
}

internal sealed class SmRow(string uuid) : Row("SM", uuid)
{
    public required string Type { get; init; }

    public required string[] Capabilities { get; init; }

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        Named(r);
        r["type"] = Type;
        r["vendor"] = "Citrix Systems Inc";
        r["copyright"] = "";
        r["version"] = "1.0";
        r["required_api_version"] = "1.0";
        r["configuration"] = new Dictionary<string, object?>();
        r["capabilities"] = Set(Capabilities);
        r["features"] = Capabilities.ToDictionary(c => c, object? (_) => 1L, StringComparer.Ordinal);
        r["driver_filename"] = "/opt/xensource/sm/" + Type;
        r["required_cluster_stack"] = new List<object?>();
    }
}

internal sealed class SecretRow(string uuid) : Row("secret", uuid)
{
    public string Value { get; set; } = "";

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        r["value"] = Value;
        Configured(r);
    }

    public override void Set(string field, object? value)
    {
        if (field == "value")
            Value = Text(field, value);
        else
            base.Set(field, value);
    }
}
