using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

internal enum VolumeStatus
{
    Init,
    Active,
    Deleted,
}

internal sealed class Volume
{
    public required long Id { get; init; }

    public required string UniqueId { get; init; }

    public required string Name { get; init; }

    public required DateTimeOffset CreateTime { get; set; }

    public required bool Enable512e { get; init; }

    public required SparseVolume Device { get; init; }

    public long AccountId { get; set; }

    public JsonObject Attributes { get; set; } = [];

    public string Access { get; set; } = "readWrite";

    /// <summary>The volume's own values; those of its policy, if it has one, go before.</summary>
    public QualityOfService Qos { get; set; } = QualityOfService.Default;

    public long? QosPolicyId { get; set; }

    public VolumeStatus Status { get; set; } = VolumeStatus.Active;

    public DateTimeOffset? DeleteTime { get; set; }

    public DateTimeOffset? PurgeTime { get; set; }

    public long FifoSize { get; set; } = 24;

    public long MinFifoSize { get; set; }

    /// <summary>Changes with every write and is inherited by clones: equal stamps mean equal content. 0 = never written.</summary>
    [JsonInclude]
    public long ContentStamp;

    public bool EnableSnapMirrorReplication { get; set; }

    public bool DontMoveForIopsRebalance { get; set; }

    public DateTimeOffset? LastAccessTime { get; set; }

    public Guid Uuid { get; init; } = Guid.NewGuid();

    /// <summary>What went through the volume's sessions since the process started, as a slice service counts it.</summary>
    [JsonIgnore]
    public IoCounters Counters { get; } = new();

    /// <summary>4 KiB blocks that hold data, as the last garbage collection counted them.</summary>
    public long NonZeroBlocks { get; set; }

    public string Iqn => $"iqn.2010-01.com.solidfire:{UniqueId}.{Name.ToLowerInvariant()}.{Id}";

    public string ScsiEuiDeviceId => $"{UniqueIdHex}{Id:x8}f47acc0100000000";

    public string ScsiNaaDeviceId => $"6f47acc100000000{UniqueIdHex}{Id:x8}";

    public bool AllowsReading => Access is not "locked";

    public bool AllowsWriting => Access is "readWrite" or "replicationTarget";

    private string UniqueIdHex => Convert.ToHexStringLower(Encoding.ASCII.GetBytes(UniqueId));

    public JsonObject ToJson(IEnumerable<long> accessGroups, QualityOfService qos) => new()
    {
        ["access"] = Access,
        ["accountID"] = AccountId,
        ["attributes"] = Attributes.DeepClone(),
        ["blockSize"] = 4096,
        ["createTime"] = Json.Time(CreateTime),
        ["currentProtectionScheme"] = "doubleHelix",
        ["deleteTime"] = DeleteTime is { } deleted ? Json.Time(deleted) : "",
        ["enable512e"] = Enable512e,
        ["dontMoveForIopsRebalance"] = DontMoveForIopsRebalance,
        ["enableSnapMirrorReplication"] = EnableSnapMirrorReplication,
        ["fifoSize"] = FifoSize,
        ["iqn"] = Iqn,
        ["lastAccessTime"] = Json.Time(LastAccessTime),
        ["lastAccessTimeIO"] = Json.Time(LastAccessTime),
        ["minFifoSize"] = MinFifoSize,
        ["name"] = Name,
        ["previousProtectionScheme"] = null,
        ["purgeTime"] = PurgeTime is { } purge ? Json.Time(purge) : "",
        ["qos"] = qos.ToJson(),
        ["qosPolicyID"] = QosPolicyId,
        ["scsiEUIDeviceID"] = ScsiEuiDeviceId,
        ["scsiNAADeviceID"] = ScsiNaaDeviceId,
        ["sliceCount"] = Status == VolumeStatus.Init ? 0 : 1,
        ["status"] = Status.ToString().ToLowerInvariant(),
        ["totalSize"] = Device.Length,
        ["virtualVolumeID"] = null,
        ["volumeAccessGroups"] = Json.Array(accessGroups),
        ["volumeConsistencyGroupUUID"] = Uuid.ToString(),
        ["volumeID"] = Id,
        ["volumePairs"] = new JsonArray(),
        ["volumeUUID"] = Uuid.ToString(),
    };
}
