using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Simulators.XenServer;

internal sealed class VbdRow(string uuid) : Row("VBD", uuid)
{
    public required string Vm { get; init; }

    /// <summary>The null reference in an empty drive.</summary>
    public required string Vdi { get; set; }

    /// <summary><c>Disk</c> or <c>CD</c>.</summary>
    public string Type { get; init; } = "Disk";

    [JsonIgnore] public bool IsEmpty => Vdi == NullRef;

    public string UserDevice { get; init; } = "0";

    public bool Bootable { get; init; }

    public bool ReadOnly { get; init; }

    public bool Unpluggable { get; init; } = true;

    [JsonIgnore] public bool Attached { get; set; }

    /// <summary>The disk as it is open while attached.</summary>
    [JsonIgnore] public VhdDisk? Disk { get; set; }

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
        r["type"] = Type;
        r["unpluggable"] = Unpluggable;
        r["storage_lock"] = false;
        r["empty"] = IsEmpty;
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

    public bool IsTemplate { get; set; }

    public string SnapshotOf { get; init; } = NullRef;

    public DateTimeOffset? SnapshotTime { get; init; }

    public bool IsSnapshot => SnapshotTime is not null;

    /// <summary>Held by every write of the guest, so that a pause waits for the write under way and holds up the next.</summary>
    [JsonIgnore] public object Io { get; } = new();

    public void Switch(string powerState)
    {
        lock (Io)
        {
            PowerState = powerState;
            Monitor.PulseAll(Io);
        }
    }

    public IEnumerable<VbdRow> Vbds(Database db) => db.All<VbdRow>().Where(v => v.Vm == Ref);

    public override void Set(string field, object? value)
    {
        if (field == "is_a_template")
            IsTemplate = value is true;
        else
            base.Set(field, value);
    }

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        Named(r);
        r["allowed_operations"] = Set(PowerState switch
        {
            "Running" => ["pause", "suspend", "snapshot", "checkpoint", "clean_shutdown", "hard_shutdown", "clean_reboot", "hard_reboot"],
            "Paused" => ["unpause", "hard_shutdown"],
            "Suspended" => ["resume", "hard_shutdown", "clone", "destroy"],
            _ => IsSnapshot ? ["clone", "revert", "destroy"] : ["start", "start_on", "clone", "snapshot", "destroy"],
        });
        r["current_operations"] = Map(CurrentOperations);
        r["power_state"] = PowerState;
        r["resident_on"] = ResidentOn;
        r["is_control_domain"] = IsControlDomain;
        r["is_a_template"] = IsTemplate;
        r["is_a_snapshot"] = IsSnapshot;
        r["snapshot_of"] = SnapshotOf;
        r["snapshot_time"] = SnapshotTime ?? Never;
        r["snapshots"] = Set(db.All<VmRow>().Where(v => v.SnapshotOf == Ref).Select(v => v.Ref));
        r["actions_after_shutdown"] = "destroy";
        r["actions_after_reboot"] = "restart";
        r["domain_type"] = "hvm";
        r["VBDs"] = Set(Vbds(db).Select(v => v.Ref));
        r["VIFs"] = Set(VifCalls.Of(db, Ref).Select(v => v.Ref));
        r["domid"] = PowerState == "Halted" ? -1L : IsControlDomain ? 0L : 1L;
        r["memory_static_max"] = 1L << 30;
        r["memory_dynamic_max"] = 1L << 30;
        r["memory_dynamic_min"] = 1L << 30;
        r["memory_static_min"] = 1L << 29;
        r["VCPUs_at_startup"] = 1L;
        r["VCPUs_max"] = 1L;
    }
}
