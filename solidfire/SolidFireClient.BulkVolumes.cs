using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    /// <summary>Starts the cluster's own backup of a volume to an object store; how it ends is told by its handle alone.</summary>
    /// <param name="job">What to read or write, and where the other side is.</param>
    /// <remarks>Two a volume and eight a node at once. What the cluster puts into the store in format native is not documented.</remarks>
    public Task<BulkVolumeStarted> StartBulkVolumeReadAsync(BulkVolumeRequest job, CancellationToken cancellation) => StartBulkAsync("StartBulkVolumeRead", job, cancellation);

    /// <summary>Starts the cluster's own restore of a volume from an object store; what was on the volume is overwritten.</summary>
    public Task<BulkVolumeStarted> StartBulkVolumeWriteAsync(BulkVolumeRequest job, CancellationToken cancellation) => StartBulkAsync("StartBulkVolumeWrite", job, cancellation);

    /// <summary>Jobs under way. One that has ended is not among them.</summary>
    public async Task<IReadOnlyList<BulkVolumeJob>> ListBulkVolumeJobsAsync(CancellationToken cancellation) =>
        (await ReadAsync("ListBulkVolumeJobs", [], SolidFireJson.Default.BulkVolumeJobsReply, cancellation)).Jobs;

    /// <summary>Tells the cluster how far a script of one's own is with a job.</summary>
    /// <param name="status"><c>running</c>, <c>done</c> or <c>failed</c>.</param>
    /// <param name="percent">0 to 100.</param>
    public Task UpdateBulkVolumeStatusAsync(string key, string status, double percent, string message, CancellationToken cancellation) => WriteAsync(
        "UpdateBulkVolumeStatus", new() { ["key"] = key, ["status"] = status, ["percentComplete"] = percent, ["message"] = message }, SolidFireJson.Default.JsonElement, cancellation);

    private Task<BulkVolumeStarted> StartBulkAsync(string method, BulkVolumeRequest job, CancellationToken cancellation)
    {
        var parameters = new JsonObject { ["volumeID"] = job.VolumeId, ["format"] = job.Native ? "native" : "uncompressed", ["attributes"] = job.Attributes.DeepClone() };
        if (job.SnapshotId is { } snapshot && method == "StartBulkVolumeRead") parameters["snapshotID"] = snapshot;
        if (job.Script is { } script) parameters["script"] = script;
        if (job.ScriptParameters is { } values) parameters["scriptParameters"] = values.DeepClone();
        return WriteAsync(method, parameters, SolidFireJson.Default.BulkVolumeStarted, cancellation);
    }
}
