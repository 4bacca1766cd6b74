using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.SolidFire;

/// <summary>Who the cluster is. Ids of its objects mean nothing without <see cref="Uuid"/>.</summary>
public sealed record ClusterInfo
{
    [JsonPropertyName("uuid")] public required string Uuid { get; init; }

    /// <summary>Four characters, part of every IQN and NAA of the cluster.</summary>
    [JsonPropertyName("uniqueID")] public required string UniqueId { get; init; }

    [JsonPropertyName("name")] public required string Name { get; init; }

    /// <summary>Address of the storage network: iSCSI portal, port 3260.</summary>
    [JsonPropertyName("svip")] public required string Svip { get; init; }

    [JsonPropertyName("mvip")] public required string Mvip { get; init; }
}

/// <summary>API versions. They are text: 9.10 is not 9.1.</summary>
public sealed record ApiVersions
{
    public required string CurrentVersion { get; init; }

    public IReadOnlyList<string> SupportedVersions { get; init; } = [];
}

public sealed record ClusterVersion
{
    [JsonPropertyName("clusterVersion")] public required string Version { get; init; }

    [JsonPropertyName("clusterAPIVersion")] public string? ApiVersion { get; init; }
}

/// <summary>Limits of this cluster. They differ between releases and editions, so they are read, never assumed; a limit not told is null.</summary>
public sealed record ClusterLimits
{
    [JsonPropertyName("snapshotsPerVolumeMax")] public int? SnapshotsPerVolumeMax { get; init; }
    [JsonPropertyName("cloneJobsPerVolumeMax")] public int? CloneJobsPerVolumeMax { get; init; }
    [JsonPropertyName("cloneJobsPerNodeMax")] public int? CloneJobsPerNodeMax { get; init; }
    [JsonPropertyName("volumeCountMax")] public int? VolumeCountMax { get; init; }
    [JsonPropertyName("volumesPerAccountCountMax")] public int? VolumesPerAccountMax { get; init; }
    [JsonPropertyName("volumesPerVolumeAccessGroupCountMax")] public int? VolumesPerAccessGroupMax { get; init; }
    [JsonPropertyName("volumeAccessGroupsPerVolumeCountMax")] public int? AccessGroupsPerVolumeMax { get; init; }
    [JsonPropertyName("volumeNameLengthMax")] public int? VolumeNameLengthMax { get; init; }
    [JsonPropertyName("snapshotNameLengthMax")] public int? SnapshotNameLengthMax { get; init; }
    [JsonPropertyName("volumeSizeMin")] public long? VolumeBytesMin { get; init; }
    [JsonPropertyName("volumeSizeMax")] public long? VolumeBytesMax { get; init; }
}

public sealed record VolumeQos
{
    [JsonPropertyName("minIOPS")] public long? MinIops { get; init; }
    [JsonPropertyName("maxIOPS")] public long? MaxIops { get; init; }
    [JsonPropertyName("burstIOPS")] public long? BurstIops { get; init; }
}

/// <summary>A volume (LUN 0 of its own target).</summary>
public sealed record Volume
{
    public const string ActiveStatus = "active";
    public const string DeletedStatus = "deleted";

    [JsonPropertyName("volumeID")] public required long VolumeId { get; init; }
    [JsonPropertyName("volumeUUID")] public string? Uuid { get; init; }

    /// <summary>1 to 64 characters; not unique.</summary>
    [JsonPropertyName("name")] public required string Name { get; init; }

    [JsonPropertyName("accountID")] public required long AccountId { get; init; }

    /// <summary><c>init</c>, <c>active</c> or <c>deleted</c>. A clone in <c>init</c> is usually not listed at all.</summary>
    [JsonPropertyName("status")] public required string Status { get; init; }

    [JsonPropertyName("access")] public string? Access { get; init; }
    [JsonPropertyName("iqn")] public string Iqn { get; init; } = "";

    /// <summary>Bytes; the cluster rounds up to 1 MiB, so compare with at-least.</summary>
    [JsonPropertyName("totalSize")] public required long TotalBytes { get; init; }

    [JsonPropertyName("enable512e")] public bool Enable512e { get; init; }
    [JsonPropertyName("scsiNAADeviceID")] public string? ScsiNaaDeviceId { get; init; }
    [JsonPropertyName("scsiEUIDeviceID")] public string? ScsiEuiDeviceId { get; init; }
    [JsonPropertyName("qos")] public VolumeQos? Qos { get; init; }
    [JsonPropertyName("qosPolicyID")] public long? QosPolicyId { get; init; }
    [JsonPropertyName("attributes")] public IReadOnlyDictionary<string, JsonElement>? Attributes { get; init; }
    [JsonPropertyName("volumeAccessGroups")] public IReadOnlyList<long> AccessGroupIds { get; init; } = [];
    [JsonPropertyName("createTime")] public DateTimeOffset? CreatedAt { get; init; }
    [JsonPropertyName("deleteTime")] public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>When a deleted volume will be purged by the cluster itself.</summary>
    [JsonPropertyName("purgeTime")] public DateTimeOffset? PurgesAt { get; init; }

    [JsonIgnore] public bool IsActive => string.Equals(Status, ActiveStatus, StringComparison.OrdinalIgnoreCase);
    [JsonIgnore] public bool IsDeleted => string.Equals(Status, DeletedStatus, StringComparison.OrdinalIgnoreCase);

    /// <summary>An attribute's text, or null when absent; numbers and booleans come as their JSON text.</summary>
    public string? FindAttribute(string name) => AttributeText.Find(Attributes, name);
}

/// <summary>A snapshot on the array.</summary>
public sealed record ClusterSnapshot
{
    [JsonPropertyName("snapshotID")] public required long SnapshotId { get; init; }
    [JsonPropertyName("snapshotUUID")] public string? Uuid { get; init; }
    [JsonPropertyName("volumeID")] public required long VolumeId { get; init; }

    /// <summary>Up to 255 characters; not unique.</summary>
    [JsonPropertyName("name")] public required string Name { get; init; }

    /// <summary>Spelled in either case by the cluster: <c>done</c> when complete.</summary>
    [JsonPropertyName("status")] public string? Status { get; init; }

    [JsonPropertyName("totalSize")] public long TotalBytes { get; init; }
    [JsonPropertyName("groupID")] public long GroupId { get; init; }
    [JsonPropertyName("checksum")] public string? Checksum { get; init; }
    [JsonPropertyName("createTime")] public DateTimeOffset? CreatedAt { get; init; }
    [JsonPropertyName("expirationTime")] public DateTimeOffset? ExpiresAt { get; init; }
    [JsonPropertyName("attributes")] public IReadOnlyDictionary<string, JsonElement>? Attributes { get; init; }

    [JsonIgnore] public bool IsDone => string.Equals(Status, "done", StringComparison.OrdinalIgnoreCase);

    public string? FindAttribute(string name) => AttributeText.Find(Attributes, name);
}

public sealed record VolumeAccessGroup
{
    [JsonPropertyName("volumeAccessGroupID")] public required long VolumeAccessGroupId { get; init; }

    /// <summary>Not unique.</summary>
    [JsonPropertyName("name")] public required string Name { get; init; }

    /// <summary>IQNs. An initiator can be in one group only (on clusters whose limit says so).</summary>
    [JsonPropertyName("initiators")] public IReadOnlyList<string> Initiators { get; init; } = [];

    [JsonPropertyName("volumes")] public IReadOnlyList<long> VolumeIds { get; init; } = [];
    [JsonPropertyName("deletedVolumes")] public IReadOnlyList<long> DeletedVolumeIds { get; init; } = [];
    [JsonPropertyName("attributes")] public IReadOnlyDictionary<string, JsonElement>? Attributes { get; init; }
}

/// <summary>A host logged in to a volume's target: while there is one, the volume must not be deleted.</summary>
public sealed record IscsiSession
{
    [JsonPropertyName("sessionID")] public long SessionId { get; init; }
    [JsonPropertyName("volumeID")] public required long VolumeId { get; init; }
    [JsonPropertyName("initiatorName")] public string? InitiatorName { get; init; }
    [JsonPropertyName("initiatorIP")] public string? InitiatorIp { get; init; }
    [JsonPropertyName("targetName")] public string? TargetName { get; init; }
    [JsonPropertyName("createTime")] public DateTimeOffset? CreatedAt { get; init; }
}

internal static class AttributeText
{
    public static string? Find(IReadOnlyDictionary<string, JsonElement>? attributes, string name) =>
        attributes is not null && attributes.TryGetValue(name, out var value)
            ? value.ValueKind switch { JsonValueKind.String => value.GetString(), JsonValueKind.Null => null, _ => value.GetRawText() }
            : null;
}
