using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Simulators.XenServer;

internal sealed class SrRow(string uuid) : Row("SR", uuid)
{
    public required string Type { get; init; }

    public string ContentType { get; init; } = "";

    public bool Shared { get; init; }

    public Dictionary<string, string> SmConfig { get; set; } = [];

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
    [JsonIgnore] public IAttachment? Attachment { get; set; }

    [JsonIgnore] public bool Attached => Attachment is not null;

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

    public string Type { get; set; } = "user";

    /// <summary>Changed block tracking, where it is on.</summary>
    public ChangeLog? Changes { get; set; }

    public bool Sharable { get; init; }

    public bool ReadOnly { get; init; }

    public bool Managed { get; init; } = true;

    public bool IsSnapshot { get; init; }

    public string SnapshotOf { get; init; } = NullRef;

    public DateTimeOffset? SnapshotTime { get; init; }

    public Dictionary<string, string> SmConfig { get; set; } = [];

    public Dictionary<string, string> XenstoreData { get; set; } = [];

    public IEnumerable<VbdRow> Vbds(Database db) => db.All<VbdRow>().Where(v => v.Vdi == Ref);

    public override void Set(string field, object? value)
    {
        if (field == "sm_config")
            SmConfig = Call.TextMap(value, field);
        else if (field == "xenstore_data")
            XenstoreData = Call.TextMap(value, field);
        else
            base.Set(field, value);
    }

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        Named(r);
        r["allowed_operations"] = Set(VdiCalls.Allowed(db, this));
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
        r["cbt_enabled"] = Changes is not null;
    }
}
