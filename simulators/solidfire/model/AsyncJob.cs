using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

internal enum AsyncKind
{
    /// <summary>One new volume.</summary>
    Clone,

    /// <summary>Several new volumes, all or none.</summary>
    GroupClone,

    /// <summary>The content of an existing volume is replaced.</summary>
    Copy,

    /// <summary>A bulk read or write of a volume.</summary>
    Bulk,
}

/// <summary>A source and what is made of it.</summary>
internal sealed class AsyncMember
{
    public required Volume Source { get; init; }

    public required Volume Target { get; init; }

    public Snapshot? Snapshot { get; init; }

    /// <summary>What a copy will put into the target once it is done: the source as it was at the start.</summary>
    public SparseVolume? Content { get; set; }

    public long ContentStamp { get; init; }
}

/// <summary>Work behind an asynchronous handle. The handle and the clone are numbered by different counters.</summary>
internal sealed class AsyncJob
{
    public required long Handle { get; init; }

    public required AsyncKind Kind { get; init; }

    /// <summary>cloneID or groupCloneID; 0 for bulk jobs.</summary>
    public long CloneId { get; init; }

    public List<AsyncMember> Members { get; init; } = [];

    public BulkJob? Bulk { get; init; }

    public required DateTimeOffset CreateTime { get; init; }

    public required DateTimeOffset Due { get; set; }

    public DateTimeOffset? CompletedAt { get; set; }

    public string? ErrorName { get; set; }

    public string? ErrorMessage { get; set; }

    public bool Running => CompletedAt is null;

    public bool IsClone => Kind is AsyncKind.Clone or AsyncKind.GroupClone or AsyncKind.Copy;

    public string ResultType => Kind == AsyncKind.Bulk ? "BulkVolume" : "Clone";

    public void Complete(DateTimeOffset at, ApiError? error)
    {
        CompletedAt = at;
        ErrorName = error?.Name;
        ErrorMessage = error?.Message;
    }

    public JsonObject ToJson(DateTimeOffset now)
    {
        var json = new JsonObject
        {
            ["createTime"] = Json.Time(CreateTime),
            ["lastUpdateTime"] = Json.Time(CompletedAt ?? now),
            ["resultType"] = ResultType,
            ["status"] = Running ? "running" : "complete",
        };
        if (Running)
        {
            json["details"] = Bulk is null ? new JsonObject() : Bulk.Details(this, now);
        }
        else if (ErrorName is null)
        {
            json["result"] = Data();
        }
        else
        {
            json["error"] = Failure();
        }

        return json;
    }

    public JsonObject ToListJson(DateTimeOffset now) => new()
    {
        ["asyncResultID"] = Handle,
        ["completed"] = !Running,
        ["createTime"] = Json.Time(CreateTime),
        ["data"] = ErrorName is null ? Data() : Failure(),
        ["lastUpdateTime"] = Json.Time(CompletedAt ?? now),
        ["resultType"] = ResultType,
        ["success"] = !Running && ErrorName is null,
    };

    public IEnumerable<JsonObject> ToSyncJobs(DateTimeOffset now) => Members.Select(member =>
    {
        var total = (Due - CreateTime).TotalSeconds;
        var elapsed = Math.Min((now - CreateTime).TotalSeconds, total);
        var share = total > 0 ? elapsed / total : 1;
        var bytes = member.Target.Device.Length;
        return new JsonObject
        {
            ["bytesPerSecond"] = elapsed > 0 ? bytes * share / elapsed : 0.0,
            ["cloneID"] = CloneId,
            ["currentBytes"] = (long)(bytes * share),
            ["dstServiceID"] = 27,
            ["dstVolumeID"] = member.Target.Id,
            ["elapsedTime"] = elapsed,
            ["nodeID"] = 1,
            ["percentComplete"] = share * 100,
            ["remainingTime"] = total - elapsed,
            ["sliceID"] = member.Target.Id,
            ["srcServiceID"] = 21,
            ["srcVolumeID"] = member.Source.Id,
            ["stage"] = share < 0.5 ? "metadata" : "data",
            ["totalBytes"] = bytes,
            ["type"] = "clone",
        };
    });

    private JsonObject Failure()
    {
        var failure = new JsonObject { ["message"] = ErrorMessage, ["name"] = ErrorName };
        if (Bulk is not null)
        {
            failure["bvID"] = Bulk.Id;
        }

        failure["volumeID"] = SourceId;
        return failure;
    }

    private long SourceId => Bulk?.VolumeId ?? Members[0].Source.Id;

    /// <summary>The volume named here is the source: a caller that takes it for the clone harms the original.</summary>
    private JsonObject Data() => Kind switch
    {
        AsyncKind.Bulk => new() { ["message"] = Running ? "Bulk volume job in progress" : "Bulk volume job succeeded" },
        AsyncKind.GroupClone => new()
        {
            ["groupCloneID"] = CloneId,
            ["members"] = Json.Array(Members.Select(member => new JsonObject { ["srcVolumeID"] = member.Source.Id, ["volumeID"] = member.Target.Id })),
            ["message"] = Running ? "Clone in progress." : "Clone complete.",
        },
        _ => new() { ["cloneID"] = CloneId, ["message"] = Running ? "Clone in progress." : "Clone complete.", ["volumeID"] = SourceId },
    };
}
