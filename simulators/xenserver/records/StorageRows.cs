namespace SnapshotWorkflows.Simulators.XenServer;

internal sealed class SrRow(string uuid) : Row("SR", uuid)
{
    public required string Type { get; init; }

    public string ContentType { get; init; } = "";

    public bool Shared { get; init; }

    public Dictionary<string, string> SmConfig { get; init; } = [];

    public long PhysicalSize { get; set; } = -1;

    public long PhysicalUtilisation { get; set; } = -1;

    public IEnumerable<PbdRow> Pbds(Database db) => db.All<PbdRow>().Where(p => p.Sr == Ref);

    public IEnumerable<VdiRow> Vdis(Database db) => db.All<VdiRow>().Where(v => v.Sr == Ref);

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        Named(r);
        r["allowed_operations"] = Set(["scan", "update", "plug", "unplug", "pbd_create", "pbd_destroy", "vdi_create", "vdi_destroy", "forget"]);
        r["current_operations"] = Map(CurrentOperations);
        r["VDIs"] = Set(Vdis(db).Select(v => v.Ref));
        r["PBDs"] = Set(Pbds(db).Select(p => p.Ref));
        r["virtual_allocation"] = Vdis(db).Sum(v => v.VirtualSize);
        r["physical_utilisation"] = PhysicalUtilisation;
        r["physical_size"] = PhysicalSize;
        r["type"] = Type;
        r["content_type"] = ContentType;
        r["shared"] = Shared;
        r["sm_config"] = Map(SmConfig);
        r["blobs"] = new Dictionary<string, object?>();
        r["local_cache_enabled"] = false;
        r["introduced_by"] = NullRef;
        r["clustered"] = false;
        r["is_tools_sr"] = false;
    }
}

internal sealed class PbdRow(string uuid) : Row("PBD", uuid)
{
    public required string Host { get; init; }

    public required string Sr { get; init; }

    public Dictionary<string, string> DeviceConfig { get; set; } = [];

    /// <summary>What the driver holds while attached; null when unplugged.</summary>
    public IAttachment? Attachment { get; set; }

    public bool Attached => Attachment is not null;

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        r["host"] = Host;
        r["SR"] = Sr;
        r["device_config"] = Map(DeviceConfig);
        r["currently_attached"] = Attached;
        Configured(r);
    }
}

internal sealed class VdiRow(string uuid) : Row("VDI", uuid)
{
    public required string Sr { get; init; }

    public long VirtualSize { get; set; }

    public long PhysicalUtilisation { get; set; }

    public string Type { get; init; } = "user";

    public bool Sharable { get; init; }

    public bool ReadOnly { get; init; }

    public bool Managed { get; init; } = true;

    public bool IsSnapshot { get; init; }

    public string SnapshotOf { get; init; } = NullRef;

    public DateTimeOffset? SnapshotTime { get; init; }

    public Dictionary<string, string> SmConfig { get; init; } = [];

    public Dictionary<string, string> XenstoreData { get; init; } = [];

    public IEnumerable<VbdRow> Vbds(Database db) => db.All<VbdRow>().Where(v => v.Vdi == Ref);

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        Named(r);
        r["allowed_operations"] = Set(["snapshot", "clone", "copy", "destroy", "forget"]);
        r["current_operations"] = Map(CurrentOperations);
        r["SR"] = Sr;
        r["VBDs"] = Set(Vbds(db).Select(v => v.Ref));
        r["crash_dumps"] = new List<object?>();
        r["virtual_size"] = VirtualSize;
        r["physical_utilisation"] = PhysicalUtilisation;
        r["type"] = Type;
        r["sharable"] = Sharable;
        r["read_only"] = ReadOnly;
        r["storage_lock"] = false;
        r["location"] = Uuid;
        r["managed"] = Managed;
        r["missing"] = false;
        r["parent"] = NullRef;
        r["xenstore_data"] = Map(XenstoreData);
        r["sm_config"] = Map(SmConfig);
        r["is_a_snapshot"] = IsSnapshot;
        r["snapshot_of"] = SnapshotOf;
        r["snapshots"] = Set(db.All<VdiRow>().Where(v => v.SnapshotOf == Ref).Select(v => v.Ref));
        r["snapshot_time"] = SnapshotTime ?? Never;
        r["allow_caching"] = false;
        r["on_boot"] = "persist";
        r["metadata_of_pool"] = NullRef;
        r["metadata_latest"] = false;
        r["is_tools_iso"] = false;
        r["cbt_enabled"] = false;
    }
}

internal sealed class VbdRow(string uuid) : Row("VBD", uuid)
{
    public required string Vm { get; init; }

    public required string Vdi { get; init; }

    public string UserDevice { get; init; } = "0";

    public bool Bootable { get; init; }

    public bool ReadOnly { get; init; }

    public bool Unpluggable { get; init; } = true;

    public bool Attached { get; set; }

    /// <summary>The disk as it is open while attached.</summary>
    public VhdDisk? Disk { get; set; }

    /// <summary>A temporary attachment of the control domain goes by itself at this moment.</summary>
    public DateTimeOffset? DetachAt { get; set; }

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        r["allowed_operations"] = Set(Attached ? ["unplug"] : ["attach", "plug"]);
        r["current_operations"] = Map(CurrentOperations);
        r["VM"] = Vm;
        r["VDI"] = Vdi;
        r["device"] = "xvd" + (char)('a' + (int.TryParse(UserDevice, out var n) ? n : 0));
        r["userdevice"] = UserDevice;
        r["bootable"] = Bootable;
        r["mode"] = ReadOnly ? "RO" : "RW";
        r["type"] = "Disk";
        r["unpluggable"] = Unpluggable;
        r["storage_lock"] = false;
        r["empty"] = false;
        r["currently_attached"] = Attached;
        r["status_code"] = 0L;
        r["status_detail"] = "";
        Configured(r);
    }
}

internal sealed class VmRow(string uuid) : Row("VM", uuid)
{
    public string PowerState { get; set; } = "Halted";

    public string ResidentOn { get; set; } = NullRef;

    public bool IsControlDomain { get; init; }

    /// <summary>Held by every write of the guest, so that a pause waits for the write under way and holds up the next.</summary>
    public object Io { get; } = new();

    public void Switch(string powerState)
    {
        lock (Io)
        {
            PowerState = powerState;
            Monitor.PulseAll(Io);
        }
    }

    public IEnumerable<VbdRow> Vbds(Database db) => db.All<VbdRow>().Where(v => v.Vm == Ref);

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        Named(r);
        r["allowed_operations"] = Set(PowerState switch
        {
            "Running" => ["pause", "suspend", "clean_shutdown", "hard_shutdown"],
            "Paused" => ["unpause", "hard_shutdown"],
            _ => ["start"],
        });
        r["current_operations"] = Map(CurrentOperations);
        r["blocked_operations"] = new Dictionary<string, object?>();
        r["power_state"] = PowerState;
        r["resident_on"] = ResidentOn;
        r["affinity"] = NullRef;
        r["is_control_domain"] = IsControlDomain;
        r["is_a_template"] = false;
        r["is_a_snapshot"] = false;
        r["VBDs"] = Set(Vbds(db).Select(v => v.Ref));
        r["VIFs"] = new List<object?>();
        r["domid"] = PowerState == "Halted" ? -1L : IsControlDomain ? 0L : 1L;
        r["memory_static_max"] = 1L << 30;
        r["VCPUs_max"] = 1L;
        r["snapshots"] = new List<object?>();
    }
}
