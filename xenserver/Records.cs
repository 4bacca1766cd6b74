using System.Text.Json.Serialization;

namespace SnapshotWorkflows.XenServer;

/// <summary>A row of the pool's database.</summary>
public abstract record XenRecord
{
    /// <summary>The row's handle on this pool.</summary>
    [JsonIgnore] public OpaqueRef Ref { get; internal set; } = OpaqueRef.Null;

    /// <summary>Stable, worth storing.</summary>
    [JsonPropertyName("uuid")] public required string Uuid { get; init; }
}

public sealed record Pool : XenRecord
{
    [JsonPropertyName("name_label")] public string NameLabel { get; init; } = "";

    /// <summary>The coordinator's host.</summary>
    [JsonPropertyName("master")] public OpaqueRef Master { get; init; }
}

public sealed record Host : XenRecord
{
    [JsonPropertyName("name_label")] public string NameLabel { get; init; } = "";
    [JsonPropertyName("address")] public string Address { get; init; } = "";
    [JsonPropertyName("enabled")] public bool Enabled { get; init; }
    [JsonPropertyName("metrics")] public OpaqueRef Metrics { get; init; }
    [JsonPropertyName("iscsi_iqn")] public string? IscsiIqn { get; init; }
    [JsonPropertyName("other_config")] public IReadOnlyDictionary<string, string> OtherConfig { get; init; } = new Dictionary<string, string>();
    [JsonPropertyName("API_version_major")] public int ApiVersionMajor { get; init; }
    [JsonPropertyName("API_version_minor")] public int ApiVersionMinor { get; init; }
    [JsonPropertyName("software_version")] public IReadOnlyDictionary<string, string> SoftwareVersion { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the coordinator hears from the host; where a pool does not tell, whether it is enabled.</summary>
    [JsonIgnore] public bool Live { get; internal set; }

    /// <summary>The host's iSCSI initiator, which an access group must contain; null when the host has none.</summary>
    [JsonIgnore] public string? Iqn => !string.IsNullOrEmpty(IscsiIqn) ? IscsiIqn : OtherConfig.GetValueOrDefault("iscsi_iqn");
}

/// <summary>Versions of the pool's coordinator.</summary>
public sealed record XenServerVersion(int ApiMajor, int ApiMinor, string ProductBrand, string ProductVersion)
{
    /// <param name="coordinator">The pool's; other hosts may run an older version during an upgrade.</param>
    public static XenServerVersion Of(Host coordinator) => new(
        coordinator.ApiVersionMajor, coordinator.ApiVersionMinor,
        coordinator.SoftwareVersion.GetValueOrDefault("product_brand") ?? "", coordinator.SoftwareVersion.GetValueOrDefault("product_version") ?? "");
}

/// <summary>A storage driver that the pool has. An empty list of one type means: not installed.</summary>
public sealed record SmDriver : XenRecord
{
    /// <summary>For instance <c>lvmoiscsi</c>, <c>relvmoiscsi</c>, <c>nfs</c>, <c>file</c>.</summary>
    [JsonPropertyName("type")] public required string Type { get; init; }

    [JsonPropertyName("name_label")] public string NameLabel { get; init; } = "";
    [JsonPropertyName("version")] public string? Version { get; init; }
    [JsonPropertyName("capabilities")] public IReadOnlyList<string> Capabilities { get; init; } = [];
}

/// <summary>A storage repository.</summary>
public sealed record Sr : XenRecord
{
    [JsonPropertyName("name_label")] public string NameLabel { get; init; } = "";
    [JsonPropertyName("name_description")] public string NameDescription { get; init; } = "";
    [JsonPropertyName("type")] public string Type { get; init; } = "";
    [JsonPropertyName("content_type")] public string ContentType { get; init; } = "";
    [JsonPropertyName("shared")] public bool Shared { get; init; }
    [JsonPropertyName("VDIs")] public IReadOnlyList<OpaqueRef> Vdis { get; init; } = [];
    [JsonPropertyName("PBDs")] public IReadOnlyList<OpaqueRef> Pbds { get; init; } = [];

    /// <summary>Bytes; -1 until the first scan.</summary>
    [JsonPropertyName("physical_size")] public long PhysicalBytes { get; init; }

    /// <summary>Bytes; -1 until the first scan.</summary>
    [JsonPropertyName("physical_utilisation")] public long PhysicalUsedBytes { get; init; }

    [JsonPropertyName("other_config")] public IReadOnlyDictionary<string, string> OtherConfig { get; init; } = new Dictionary<string, string>();
    [JsonPropertyName("sm_config")] public IReadOnlyDictionary<string, string> SmConfig { get; init; } = new Dictionary<string, string>();
    [JsonPropertyName("current_operations")] public IReadOnlyDictionary<string, string> CurrentOperations { get; init; } = new Dictionary<string, string>();
}

/// <summary>How a host reaches a storage repository.</summary>
public sealed record Pbd : XenRecord
{
    [JsonPropertyName("host")] public OpaqueRef Host { get; init; }
    [JsonPropertyName("SR")] public OpaqueRef Sr { get; init; }

    /// <summary>The pool moves values of keys ending in <c>password</c> to its secrets; they never come back here.</summary>
    [JsonPropertyName("device_config")] public IReadOnlyDictionary<string, string> DeviceConfig { get; init; } = new Dictionary<string, string>();

    [JsonPropertyName("currently_attached")] public bool CurrentlyAttached { get; init; }
    [JsonPropertyName("other_config")] public IReadOnlyDictionary<string, string> OtherConfig { get; init; } = new Dictionary<string, string>();
}

/// <summary>A virtual disk.</summary>
public sealed record Vdi : XenRecord
{
    [JsonPropertyName("name_label")] public string NameLabel { get; init; } = "";
    [JsonPropertyName("name_description")] public string NameDescription { get; init; } = "";
    [JsonPropertyName("SR")] public OpaqueRef Sr { get; init; }
    [JsonPropertyName("VBDs")] public IReadOnlyList<OpaqueRef> Vbds { get; init; } = [];
    [JsonPropertyName("virtual_size")] public long VirtualBytes { get; init; }
    [JsonPropertyName("physical_utilisation")] public long PhysicalUsedBytes { get; init; }
    [JsonPropertyName("type")] public string Type { get; init; } = "";

    /// <summary>False for the hidden parents that coalescing leaves.</summary>
    [JsonPropertyName("managed")] public bool Managed { get; init; }

    [JsonPropertyName("missing")] public bool Missing { get; init; }
    [JsonPropertyName("read_only")] public bool ReadOnly { get; init; }
    [JsonPropertyName("is_a_snapshot")] public bool IsASnapshot { get; init; }
    [JsonPropertyName("snapshot_of")] public OpaqueRef SnapshotOf { get; init; }
    [JsonPropertyName("location")] public string Location { get; init; } = "";
    [JsonPropertyName("other_config")] public IReadOnlyDictionary<string, string> OtherConfig { get; init; } = new Dictionary<string, string>();
    [JsonPropertyName("sm_config")] public IReadOnlyDictionary<string, string> SmConfig { get; init; } = new Dictionary<string, string>();

    /// <summary>Task to operation, for instance <c>copy</c>; empty when nothing works on the disk.</summary>
    [JsonPropertyName("current_operations")] public IReadOnlyDictionary<string, string> CurrentOperations { get; init; } = new Dictionary<string, string>();
}

/// <summary>A disk in a virtual machine.</summary>
public sealed record Vbd : XenRecord
{
    [JsonPropertyName("VM")] public OpaqueRef Vm { get; init; }
    [JsonPropertyName("VDI")] public OpaqueRef Vdi { get; init; }
    [JsonPropertyName("userdevice")] public string UserDevice { get; init; } = "";
    [JsonPropertyName("mode")] public string Mode { get; init; } = "";
    [JsonPropertyName("currently_attached")] public bool CurrentlyAttached { get; init; }
}

/// <summary>A virtual machine.</summary>
public sealed record Vm : XenRecord
{
    [JsonPropertyName("name_label")] public string NameLabel { get; init; } = "";

    /// <summary><c>Halted</c>, <c>Paused</c>, <c>Running</c> or <c>Suspended</c>.</summary>
    [JsonPropertyName("power_state")] public string PowerState { get; init; } = "";

    [JsonPropertyName("resident_on")] public OpaqueRef ResidentOn { get; init; }
    [JsonPropertyName("VBDs")] public IReadOnlyList<OpaqueRef> Vbds { get; init; } = [];
    [JsonPropertyName("is_control_domain")] public bool IsControlDomain { get; init; }
    [JsonPropertyName("is_a_template")] public bool IsATemplate { get; init; }
    [JsonPropertyName("is_a_snapshot")] public bool IsASnapshot { get; init; }
    [JsonPropertyName("other_config")] public IReadOnlyDictionary<string, string> OtherConfig { get; init; } = new Dictionary<string, string>();
}

internal sealed record HostMetrics : XenRecord
{
    [JsonPropertyName("live")] public bool Live { get; init; }
}
