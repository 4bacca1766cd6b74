using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Bulk reads and writes: their control, for no byte of them is public.</summary>
internal sealed class BulkVolumeCalls(Cluster cluster)
{
    public void Register(CallTable table)
    {
        table.Write("StartBulkVolumeRead", "volumes", parameters => Start(parameters, "read"), since: "6.0");
        table.Write("StartBulkVolumeWrite", "volumes", parameters => Start(parameters, "write"), since: "6.0");
        table.Write("UpdateBulkVolumeStatus", "volumes", Update, since: "6.0");
        table.Read("ListBulkVolumeJobs", _ => new JsonObject
        {
            ["bulkVolumeJobs"] = Json.Array(Running().Select(job => job.Bulk!.ToJson(job, cluster.Now))),
        }, since: "6.0");
    }

    private IEnumerable<AsyncJob> Running() => cluster.Jobs.Values.Where(job => job is { Kind: AsyncKind.Bulk, Running: true });

    private JsonObject Start(CallParameters parameters, string type)
    {
        var volume = cluster.ActiveVolume(parameters.RequiredInteger("volumeID"));
        parameters.RequiredText("format");
        var format = parameters.Choice("format", "native", "uncompressed")!;
        var snapshot = type == "read" && parameters.Identifier("snapshotID") is { } id ? cluster.Snapshot(id) : null;
        var script = parameters.Text("script");
        var range = parameters.Object("scriptParameters")?["range"] as JsonObject;
        var read = range is null ? null : new CallParameters(range);
        CheckJobs(volume);
        var now = cluster.Now;
        var job = new AsyncJob
        {
            Handle = ++cluster.Ids.Handle,
            Kind = AsyncKind.Bulk,
            CreateTime = now,
            // Somebody else's script reports for itself; it may take for ever.
            Due = script is null ? DateTimeOffset.MaxValue : now + cluster.Options.BulkTime,
            Bulk = new BulkJob
            {
                Id = ++cluster.Ids.BulkVolume,
                VolumeId = volume.Id,
                SnapshotId = snapshot?.Id,
                Type = type,
                Format = format,
                Key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
                Script = script,
                FirstBlock = read?.Integer("lba") ?? 0,
                Blocks = read?.Integer("blocks") ?? volume.Device.Length / 4096,
                Attributes = parameters.Object("attributes") ?? [],
            },
        };
        cluster.Jobs.Add(job.Handle, job);
        return new JsonObject { ["asyncHandle"] = job.Handle, ["key"] = job.Bulk.Key, ["url"] = $"https://{cluster.Options.Mvip}:8443/" };
    }

    private JsonObject Update(CallParameters parameters)
    {
        var key = parameters.RequiredText("key");
        var status = parameters.Choice("status", "preparing", "active", "running", "done", "failed") ?? "running";
        var job = Running().FirstOrDefault(candidate => candidate.Bulk!.Key == key)
            ?? throw new ApiError("xBulkVolumeIDDoesNotExist", "The bulk volume job does not exist.");
        var (percent, message, attributes) = (parameters.Number("percentComplete"), parameters.Text("message"), parameters.Object("attributes"));
        job.Bulk!.ReportedPercent = percent ?? job.Bulk.ReportedPercent;
        job.Bulk.ReportedMessage = message ?? job.Bulk.ReportedMessage;
        job.Bulk.Attributes = attributes ?? job.Bulk.Attributes;
        if (status is "done" or "failed")
        {
            job.Complete(cluster.Now, status == "done" ? null : new ApiError("xBulkVolumeScriptFailure", job.Bulk.ReportedMessage ?? "Script failed."));
        }

        return new JsonObject { ["attributes"] = job.Bulk.Attributes.DeepClone(), ["status"] = status, ["url"] = $"https://{cluster.Options.Mvip}:8443/" };
    }

    private void CheckJobs(Volume volume)
    {
        var limits = cluster.Options.Limits;
        if (Running().Count(job => job.Bulk!.VolumeId == volume.Id) >= limits.BulkJobsPerVolume)
        {
            throw new ApiError("xMaxBulkVolumeJobsExceeded", $"Maximum bulk volume jobs per volume is {limits.BulkJobsPerVolume}");
        }

        if (Running().Count(job => job.Bulk!.VolumeId % cluster.Options.Nodes == volume.Id % cluster.Options.Nodes) >= limits.BulkJobsPerNode)
        {
            throw new ApiError("xMaxBulkVolumeJobsExceeded", $"Maximum bulk volume jobs per node is {limits.BulkJobsPerNode}");
        }
    }
}
