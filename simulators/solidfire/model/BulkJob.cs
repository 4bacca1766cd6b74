using System.Globalization;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

/// <summary>
/// A bulk read or write of a volume (backup to and restore from an object store). Only its control is simulated: no byte moves,
/// for the protocol behind the url and the key is not public.
/// </summary>
internal sealed class BulkJob
{
    private const int BlocksPerTransfer = 1024;

    public required long Id { get; init; }

    public required long VolumeId { get; init; }

    public long? SnapshotId { get; init; }

    public required string Type { get; init; }

    public required string Format { get; init; }

    public required string Key { get; init; }

    public string? Script { get; init; }

    public long FirstBlock { get; init; }

    public required long Blocks { get; init; }

    /// <summary>Where a job without the built-in script says it is (UpdateBulkVolumeStatus).</summary>
    public double? ReportedPercent { get; set; }

    public string? ReportedMessage { get; set; }

    public JsonObject Attributes { get; set; } = [];

    public JsonObject Details(AsyncJob job, DateTimeOffset now) => new()
    {
        ["bvID"] = Id,
        ["message"] = ReportedMessage ?? "",
        ["percentComplete"] = Percent(job, now),
        ["volumeID"] = VolumeId,
    };

    public JsonObject ToJson(AsyncJob job, DateTimeOffset now)
    {
        var elapsed = (long)(now - job.CreateTime).TotalSeconds;
        var percent = Percent(job, now);
        var next = FirstBlock + (long)(Blocks * percent / 100);
        return new JsonObject
        {
            ["attributes"] = percent == 0 ? new JsonObject() : new JsonObject
            {
                ["blocksPerTransfer"] = BlocksPerTransfer,
                ["firstPendingLba"] = next,
                ["nLbas"] = Blocks,
                ["nextLba"] = next + BlocksPerTransfer,
                ["pendingLbas"] = string.Create(CultureInfo.InvariantCulture, $"[{next}]"),
                ["percentComplete"] = percent,
                ["startLba"] = FirstBlock,
            },
            ["bulkVolumeID"] = Id,
            ["createTime"] = Json.Time(job.CreateTime),
            ["elapsedTime"] = elapsed,
            ["format"] = Format,
            ["key"] = Key,
            ["percentComplete"] = percent,
            ["remainingTime"] = Math.Max(0, (long)(job.Due - now).TotalSeconds),
            ["script"] = Script,
            ["snapshotID"] = SnapshotId,
            ["srcVolumeID"] = VolumeId,
            ["status"] = percent == 0 ? "preparing" : "running",
            ["type"] = Type,
        };
    }

    /// <summary>Never 100: at the end the row is gone.</summary>
    private double Percent(AsyncJob job, DateTimeOffset now) => ReportedPercent ?? (Script is null
        ? 0
        : Math.Floor(Math.Min(99, 100 * (now - job.CreateTime).TotalSeconds / Math.Max((job.Due - job.CreateTime).TotalSeconds, 0.001))));
}
