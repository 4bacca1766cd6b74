using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

internal sealed class Snapshot
{
    public required long Id { get; init; }

    public required Volume Volume { get; init; }

    public required DateTimeOffset CreateTime { get; init; }

    public required SparseVolume Device { get; init; }

    public required long ContentStamp { get; init; }

    public required JsonObject Attributes { get; init; }

    public required string Name { get; set; }

    public Guid Uuid { get; init; } = Guid.NewGuid();

    [JsonIgnore]
    public GroupSnapshot? Group { get; set; }

    public DateTimeOffset? ExpirationTime { get; set; }

    public bool Fifo { get; set; }

    public bool EnableRemoteReplication { get; set; }

    public string? SnapMirrorLabel { get; set; }

    /// <summary>Opaque; two snapshots of unchanged data share it.</summary>
    [JsonIgnore]
    public string Checksum => ContentStamp == 0
        ? "0x0"
        : $"0x{unchecked((0x9E3779B97F4A7C15UL * (ulong)ContentStamp) ^ ((ulong)ContentStamp >> 7)):x16}";

    public JsonObject ToJson() => new()
    {
        ["attributes"] = Attributes.DeepClone(),
        ["checksum"] = Checksum,
        ["createTime"] = Json.Time(CreateTime),
        ["enableRemoteReplication"] = EnableRemoteReplication,
        ["expirationReason"] = Fifo ? "Fifo" : "None",
        ["expirationTime"] = Fifo ? "fifo" : Json.Time(ExpirationTime),
        ["groupID"] = Group?.Id ?? 0,
        ["groupSnapshotUUID"] = (Group?.Uuid ?? Guid.Empty).ToString(),
        ["instanceCreateTime"] = Json.Time(CreateTime),
        ["instanceSnapshotUUID"] = Uuid.ToString(),
        ["name"] = Name,
        ["snapMirrorLabel"] = SnapMirrorLabel,
        ["snapshotID"] = Id,
        ["snapshotUUID"] = Uuid.ToString(),
        ["status"] = Volume.Status == VolumeStatus.Deleted ? "inactive" : "done",
        ["totalSize"] = Device.Length,
        ["virtualVolumeID"] = null,
        ["volumeID"] = Volume.Id,
        ["volumeName"] = Volume.Name,
    };

    public JsonObject ToMemberJson() => new()
    {
        ["checksum"] = Checksum,
        ["snapshotID"] = Id,
        ["snapshotUUID"] = Uuid.ToString(),
        ["volumeID"] = Volume.Id,
    };
}

internal sealed class GroupSnapshot
{
    public required long Id { get; init; }

    public required string Name { get; set; }

    public required DateTimeOffset CreateTime { get; init; }

    public required JsonObject Attributes { get; init; }

    public bool EnableRemoteReplication { get; set; }

    public Guid Uuid { get; init; } = Guid.NewGuid();

    public List<Snapshot> Members { get; init; } = [];

    public JsonObject ToJson() => new()
    {
        ["attributes"] = Attributes.DeepClone(),
        ["createTime"] = Json.Time(CreateTime),
        ["enableRemoteReplication"] = EnableRemoteReplication,
        ["groupSnapshotID"] = Id,
        ["groupSnapshotUUID"] = Uuid.ToString(),
        ["members"] = Json.Array(Members.Select(member => member.ToJson())),
        ["name"] = Name,
        ["status"] = "done",
    };
}
