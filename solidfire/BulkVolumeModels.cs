using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.SolidFire;

/// <summary>A backup or restore that the cluster does by itself.</summary>
public sealed record BulkVolumeRequest
{
    /// <summary>The script that clusters bring along, for object stores and other clusters.</summary>
    public const string BuiltInScript = "bv_internal.py";

    public required long VolumeId { get; init; }

    /// <summary>Of a read alone; null reads a snapshot that the cluster takes for the time being.</summary>
    public long? SnapshotId { get; init; }

    /// <summary>Compressed, in a format of the vendor's own; otherwise raw blocks.</summary>
    public bool Native { get; init; } = true;

    /// <summary>Null: somebody else moves the bytes and reports.</summary>
    public string? Script { get; init; }

    /// <summary>Range, end point and keys, as the script takes them: secrets among them, so never logged.</summary>
    public JsonObject? ScriptParameters { get; init; }

    public JsonObject Attributes { get; init; } = [];
}

/// <summary>A bulk job under way.</summary>
public sealed record BulkVolumeStarted
{
    [JsonPropertyName("asyncHandle")] public required long AsyncHandle { get; init; }

    /// <summary>Names the job in <see cref="SolidFireClient.UpdateBulkVolumeStatusAsync"/>; whoever has it may move the bytes.</summary>
    [JsonPropertyName("key")] public required ChapSecret Key { get; init; }

    [JsonPropertyName("url")] public string? Url { get; init; }
}

/// <summary>How far a bulk job is.</summary>
public sealed record BulkVolumeJob
{
    [JsonPropertyName("bulkVolumeID")] public required long BulkVolumeId { get; init; }
    [JsonPropertyName("srcVolumeID")] public required long VolumeId { get; init; }
    [JsonPropertyName("snapshotID")] public long? SnapshotId { get; init; }

    /// <summary><c>read</c> or <c>write</c>.</summary>
    [JsonPropertyName("type")] public string? Type { get; init; }

    [JsonPropertyName("status")] public string? Status { get; init; }

    /// <summary>0 to 100, never quite the latter: the row of a job that has ended is gone.</summary>
    [JsonPropertyName("percentComplete")] public double Percent { get; init; }

    /// <summary>Seconds; goes up and down.</summary>
    [JsonPropertyName("remainingTime")] public double? RemainingSeconds { get; init; }

    [JsonPropertyName("createTime")] public DateTimeOffset? CreatedAt { get; init; }
}
