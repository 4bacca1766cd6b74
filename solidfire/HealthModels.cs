using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.SolidFire;

/// <summary>Space, in bytes; blocks are of 4 KiB.</summary>
public sealed record ClusterCapacity
{
    [JsonPropertyName("maxUsedSpace")] public required long MaxUsedBytes { get; init; }
    [JsonPropertyName("usedSpace")] public required long UsedBytes { get; init; }
    [JsonPropertyName("provisionedSpace")] public required long ProvisionedBytes { get; init; }

    /// <summary>What may be promised in all; a volume beyond it is refused.</summary>
    [JsonPropertyName("maxOverProvisionableSpace")] public required long MaxProvisionableBytes { get; init; }

    [JsonPropertyName("maxUsedMetadataSpace")] public long MaxUsedMetadataBytes { get; init; }
    [JsonPropertyName("usedMetadataSpace")] public long UsedMetadataBytes { get; init; }
    [JsonPropertyName("zeroBlocks")] public long ZeroBlocks { get; init; }
    [JsonPropertyName("nonZeroBlocks")] public long NonZeroBlocks { get; init; }
    [JsonPropertyName("uniqueBlocks")] public long UniqueBlocks { get; init; }
    [JsonPropertyName("snapshotNonZeroBlocks")] public long SnapshotNonZeroBlocks { get; init; }

    /// <summary>When the array took this sample, by its own clock.</summary>
    [JsonPropertyName("timestamp")] public DateTimeOffset? At { get; init; }

    /// <summary>Whether volumes of this size could still be promised.</summary>
    public bool HasRoomFor(long bytes) => ProvisionedBytes + bytes <= MaxProvisionableBytes;

    /// <summary>0 to 1.</summary>
    public double UsedShare => MaxUsedBytes > 0 ? (double)UsedBytes / MaxUsedBytes : 0;
}

/// <summary>How full the cluster is. At stages 4 and 5 it makes no snapshot, clone or volume.</summary>
public sealed record ClusterFullThreshold
{
    /// <summary>The worse of the two others: <c>stage1Happy</c>, <c>stage2Aware</c>, <c>stage3Low</c>, <c>stage4Critical</c>, <c>stage5CompletelyConsumed</c>.</summary>
    [JsonPropertyName("fullness")] public required string Fullness { get; init; }

    [JsonPropertyName("blockFullness")] public string? BlockFullness { get; init; }
    [JsonPropertyName("metadataFullness")] public string? MetadataFullness { get; init; }
    [JsonPropertyName("sumTotalClusterBytes")] public long TotalBytes { get; init; }
    [JsonPropertyName("sumUsedClusterBytes")] public long UsedBytes { get; init; }
    [JsonPropertyName("stage4BlockThresholdBytes")] public long Stage4Bytes { get; init; }

    /// <summary>Whether nothing may be made any more.</summary>
    [JsonIgnore] public bool RefusesWork => Fullness.StartsWith("stage4", StringComparison.Ordinal) || Fullness.StartsWith("stage5", StringComparison.Ordinal);
}

/// <summary>Something that happened. Numbered upwards; a listing's order is not to be relied on.</summary>
public sealed record ClusterEvent
{
    [JsonPropertyName("eventID")] public required long EventId { get; init; }

    /// <summary>For instance <c>apiEvent</c>, <c>cloneEvent</c>, <c>schedulerEvent</c>, <c>gcEvent</c>.</summary>
    [JsonPropertyName("eventInfoType")] public string? Type { get; init; }

    [JsonPropertyName("message")] public string? Message { get; init; }
    [JsonPropertyName("severity")] public int Severity { get; init; }
    [JsonPropertyName("timeOfReport")] public DateTimeOffset? At { get; init; }

    /// <summary>An object or a text, depending on the type.</summary>
    [JsonPropertyName("details")] public JsonElement? Details { get; init; }
}

/// <summary>Something that is wrong with the cluster, or was.</summary>
public sealed record ClusterFault
{
    [JsonPropertyName("clusterFaultID")] public required long FaultId { get; init; }
    [JsonPropertyName("code")] public required string Code { get; init; }

    /// <summary><c>bestPractice</c>, <c>warning</c>, <c>error</c>, <c>critical</c>.</summary>
    [JsonPropertyName("severity")] public string? Severity { get; init; }

    [JsonPropertyName("type")] public string? Type { get; init; }
    [JsonPropertyName("details")] public string? Details { get; init; }
    [JsonPropertyName("resolved")] public bool Resolved { get; init; }
    [JsonPropertyName("date")] public DateTimeOffset? At { get; init; }
    [JsonPropertyName("resolvedDate")] public DateTimeOffset? ResolvedAt { get; init; }
}

/// <summary>Who calls, and what he may do.</summary>
public sealed record ClusterAdmin
{
    [JsonPropertyName("username")] public required string Username { get; init; }

    /// <summary>For instance <c>administrator</c>, <c>read</c>, <c>volumes</c>, <c>accounts</c>.</summary>
    [JsonPropertyName("access")] public IReadOnlyList<string> Access { get; init; } = [];

    /// <summary>Whether volumes, snapshots and access groups may be made and deleted.</summary>
    [JsonIgnore] public bool MayChangeVolumes => Access.Any(access => access is "administrator" or "write" or "volumes");
}

/// <summary>What passed through a volume. Block counts are those of the last garbage collection, up to an hour old: no sign of a change.</summary>
public sealed record VolumeStats
{
    [JsonPropertyName("volumeID")] public required long VolumeId { get; init; }
    [JsonPropertyName("readBytes")] public long ReadBytes { get; init; }
    [JsonPropertyName("writeBytes")] public long WriteBytes { get; init; }
    [JsonPropertyName("readOps")] public long ReadOperations { get; init; }
    [JsonPropertyName("writeOps")] public long WriteOperations { get; init; }
    [JsonPropertyName("nonZeroBlocks")] public long NonZeroBlocks { get; init; }
    [JsonPropertyName("zeroBlocks")] public long ZeroBlocks { get; init; }

    /// <summary>Blocks are of 4 KiB (Element API reference, volumeStats).</summary>
    [JsonIgnore] public long DataBytes => NonZeroBlocks * 4096;
}
