using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.SolidFire;

/// <summary>What to clone. Name and attributes are always sent, so that no attribute of the source is inherited by accident.</summary>
public sealed record CloneVolumeRequest
{
    public required long VolumeId { get; init; }

    /// <summary>The snapshot to clone; null clones the volume as it is now.</summary>
    public long? SnapshotId { get; init; }

    /// <summary>1 to 64 of A-Z, a-z, 0-9 and '-'.</summary>
    public required string Name { get; init; }

    /// <summary>The clone's whole attributes.</summary>
    public required System.Text.Json.Nodes.JsonObject Attributes { get; init; }

    public long? NewAccountId { get; init; }

    /// <summary>For instance <c>readWrite</c>; null inherits the source's.</summary>
    public string? Access { get; init; }
}

/// <summary>A clone under way. <see cref="VolumeId"/> is the clone's id; record it before waiting, for the job's own result names the source.</summary>
public sealed record CloneStarted
{
    [JsonPropertyName("volumeID")] public required long VolumeId { get; init; }
    [JsonPropertyName("asyncHandle")] public required long AsyncHandle { get; init; }
    [JsonPropertyName("cloneID")] public long CloneId { get; init; }
}

/// <summary>Several clones under way behind one handle.</summary>
public sealed record GroupCloneStarted
{
    [JsonPropertyName("asyncHandle")] public required long AsyncHandle { get; init; }
    [JsonPropertyName("groupCloneID")] public long GroupCloneId { get; init; }
    [JsonPropertyName("members")] public IReadOnlyList<GroupCloneMember> Members { get; init; } = [];
}

/// <summary>One clone of a group.</summary>
public sealed record GroupCloneMember
{
    [JsonPropertyName("srcVolumeID")] public required long SourceVolumeId { get; init; }
    [JsonPropertyName("volumeID")] public required long VolumeId { get; init; }
}

public enum AsyncState
{
    Running,
    Succeeded,
    Failed,

    /// <summary>The cluster does not know the handle (any more): completed results vanish after a while, so reconcile by listing.</summary>
    UnknownHandle,
}

/// <summary>How an asynchronous job stands.</summary>
public sealed record AsyncResult
{
    public required long AsyncHandle { get; init; }

    public required AsyncState State { get; init; }

    /// <summary><c>Clone</c>, <c>BulkVolume</c>, ...</summary>
    public string? ResultType { get; init; }

    /// <summary>The error's name, only when failed.</summary>
    public string? ErrorName { get; init; }

    public string? ErrorMessage { get; init; }

    /// <summary>The job's raw result or details, for the log.</summary>
    public JsonElement? Detail { get; init; }
}

/// <summary>A row of ListAsyncResults. Listing does not use a result up.</summary>
public sealed record AsyncResultEntry
{
    [JsonPropertyName("asyncResultID")] public required long AsyncHandle { get; init; }
    [JsonPropertyName("completed")] public bool Completed { get; init; }
    [JsonPropertyName("success")] public bool Success { get; init; }
    [JsonPropertyName("resultType")] public string? ResultType { get; init; }
    [JsonPropertyName("createTime")] public DateTimeOffset? CreatedAt { get; init; }
    [JsonPropertyName("lastUpdateTime")] public DateTimeOffset? UpdatedAt { get; init; }
    [JsonPropertyName("data")] public JsonElement? Data { get; init; }
}

/// <summary>A running data movement; clones show here from their start to their end.</summary>
public sealed record SyncJob
{
    /// <summary><c>clone</c>, <c>slice</c>, <c>block</c>, <c>remote</c>.</summary>
    [JsonPropertyName("type")] public required string Type { get; init; }

    [JsonPropertyName("cloneID")] public long? CloneId { get; init; }
    [JsonPropertyName("srcVolumeID")] public long? SourceVolumeId { get; init; }
    [JsonPropertyName("dstVolumeID")] public long? DestinationVolumeId { get; init; }
    [JsonPropertyName("percentComplete")] public double? PercentComplete { get; init; }
    [JsonPropertyName("currentBytes")] public long? CurrentBytes { get; init; }
    [JsonPropertyName("totalBytes")] public long? TotalBytes { get; init; }

    [JsonIgnore] public bool IsClone => string.Equals(Type, "clone", StringComparison.OrdinalIgnoreCase);
}
