using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

/// <summary>An asynchronous clone and its handle. The handle and the clone are numbered by different counters.</summary>
internal sealed class CloneJob
{
    public required long Handle { get; init; }

    public required long CloneId { get; init; }

    public required Volume Source { get; init; }

    public required Volume Target { get; init; }

    public Snapshot? Snapshot { get; init; }

    public required DateTimeOffset CreateTime { get; init; }

    public required DateTimeOffset Due { get; init; }

    public DateTimeOffset? CompletedAt { get; private set; }

    public ApiError? Error { get; private set; }

    public bool Running => CompletedAt is null;

    public void Complete(DateTimeOffset at, ApiError? error)
    {
        CompletedAt = at;
        Error = error;
    }

    public JsonObject ToJson(DateTimeOffset now)
    {
        var json = new JsonObject
        {
            ["createTime"] = Json.Time(CreateTime),
            ["lastUpdateTime"] = Json.Time(CompletedAt ?? now),
            ["resultType"] = "Clone",
            ["status"] = Running ? "running" : "complete",
        };
        if (Running)
        {
            json["details"] = new JsonObject();
        }
        else if (Error is null)
        {
            json["result"] = Data();
        }
        else
        {
            json["error"] = new JsonObject { ["message"] = Error.Message, ["name"] = Error.Name, ["volumeID"] = Source.Id };
        }

        return json;
    }

    public JsonObject ToListJson(DateTimeOffset now) => new()
    {
        ["asyncResultID"] = Handle,
        ["completed"] = !Running,
        ["createTime"] = Json.Time(CreateTime),
        ["data"] = Data(),
        ["lastUpdateTime"] = Json.Time(CompletedAt ?? now),
        ["resultType"] = "Clone",
        ["success"] = !Running && Error is null,
    };

    public JsonObject ToSyncJobJson(DateTimeOffset now)
    {
        var total = (Due - CreateTime).TotalSeconds;
        var elapsed = Math.Min((now - CreateTime).TotalSeconds, total);
        var share = total > 0 ? elapsed / total : 1;
        var bytes = Target.Device.Length;
        return new JsonObject
        {
            ["bytesPerSecond"] = elapsed > 0 ? bytes * share / elapsed : 0.0,
            ["cloneID"] = CloneId,
            ["currentBytes"] = (long)(bytes * share),
            ["dstServiceID"] = 27,
            ["dstVolumeID"] = Target.Id,
            ["elapsedTime"] = elapsed,
            ["nodeID"] = 1,
            ["percentComplete"] = share * 100,
            ["remainingTime"] = total - elapsed,
            ["sliceID"] = Target.Id,
            ["srcServiceID"] = 21,
            ["srcVolumeID"] = Source.Id,
            ["stage"] = share < 0.5 ? "metadata" : "data",
            ["totalBytes"] = bytes,
            ["type"] = "clone",
        };
    }

    /// <summary>The volume named here is the source: a caller that takes it for the clone harms the original.</summary>
    private JsonObject Data() => new()
    {
        ["cloneID"] = CloneId,
        ["message"] = Running ? "Clone in progress." : Error is null ? "Clone complete." : Error.Message,
        ["volumeID"] = Source.Id,
    };
}
