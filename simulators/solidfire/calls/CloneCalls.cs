using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Clones and the asynchronous handles through which their end is learnt.</summary>
internal sealed class CloneCalls(Cluster cluster)
{
    public void Register(CallTable table)
    {
        table.Write("CloneVolume", CloneVolume);
        table.Write("CancelClone", CancelClone);
        table.Write("GetAsyncResult", GetAsyncResult);
        table.Read("ListAsyncResults", ListAsyncResults);
        table.Read("ListSyncJobs", _ => new JsonObject
        {
            ["syncJobs"] = Json.Array(cluster.Jobs.Values.Where(job => job.Running).Select(job => job.ToSyncJobJson(cluster.Now))),
        });
    }

    private JsonObject CloneVolume(CallParameters parameters)
    {
        var source = cluster.ActiveVolume(parameters.RequiredInteger("volumeID"));
        var name = ObjectAttributes.VolumeName(parameters.RequiredText("name"));
        var snapshot = parameters.Identifier("snapshotID") is { } snapshotId ? cluster.Snapshot(snapshotId) : null;
        if (snapshot is not null && snapshot.Volume != source)
        {
            throw ApiError.SnapshotUnknown(snapshot.Id);
        }

        var account = cluster.Account(parameters.Identifier("newAccountID") ?? source.AccountId);
        var content = snapshot?.Device ?? source.Device;
        var size = parameters.Identifier("newSize") is { } asked ? VolumeCalls.RoundedSize(cluster, asked) : content.Length;
        // Assumption: attributes that are not given are inherited, as the vendor documents; a 2017 report saw {} instead.
        var attributes = ObjectAttributes.Read(parameters) ?? (JsonObject)source.Attributes.DeepClone();
        var access = parameters.Choice("access", "readOnly", "readWrite", "locked", "replicationTarget") ?? source.Access;
        var enable512e = parameters.Flag("enable512e") ?? source.Enable512e;
        parameters.Accept("enableSnapMirrorReplication");
        CheckJobs(source);
        VolumeCalls.CheckRoom(cluster, account, size);

        var now = cluster.Now;
        var target = new Volume
        {
            Id = cluster.NextVolume(),
            UniqueId = cluster.Options.UniqueId,
            Name = name,
            CreateTime = now,
            Enable512e = enable512e,
            Device = content.Clone(size),
            AccountId = account.Id,
            Attributes = attributes,
            Access = access,
            Qos = source.Qos,
            FifoSize = source.FifoSize,
            MinFifoSize = source.MinFifoSize,
            Status = VolumeStatus.Init,
            ContentStamp = snapshot?.ContentStamp ?? Volatile.Read(ref source.ContentStamp),
        };
        var job = new CloneJob
        {
            Handle = cluster.NextHandle(),
            CloneId = cluster.NextClone(),
            Source = source,
            Target = target,
            Snapshot = snapshot,
            CreateTime = now,
            Due = now + cluster.Options.CloneTime,
        };
        cluster.Volumes.Add(target.Id, target);
        cluster.Jobs.Add(job.Handle, job);
        return new JsonObject
        {
            ["asyncHandle"] = job.Handle,
            ["cloneID"] = job.CloneId,
            ["curve"] = QualityOfService.Curve(),
            ["volume"] = cluster.Describe(target),
            ["volumeID"] = target.Id,
        };
    }

    private void CheckJobs(Volume source)
    {
        // Assumption: volumes are spread over the nodes by id, and a job beyond a limit is refused, not queued.
        var node = source.Id % cluster.Options.Nodes;
        var running = cluster.Jobs.Values.Where(job => job.Running).ToList();
        if (running.Count(job => job.Source == source) >= cluster.Options.Limits.CloneJobsPerVolume)
        {
            throw new ApiError("xMaxClonesPerVolumeExceeded", $"Maximum clone jobs per volume is {cluster.Options.Limits.CloneJobsPerVolume}");
        }

        if (running.Count(job => job.Source.Id % cluster.Options.Nodes == node) >= cluster.Options.Limits.CloneJobsPerNode)
        {
            throw new ApiError("xMaxClonesPerNodeExceeded", $"Maximum clone jobs per node is {cluster.Options.Limits.CloneJobsPerNode}");
        }
    }

    private JsonObject CancelClone(CallParameters parameters)
    {
        var cloneId = parameters.RequiredInteger("cloneID");
        var job = cluster.Jobs.Values.FirstOrDefault(candidate => candidate.Running && candidate.CloneId == cloneId)
            ?? throw new ApiError("xCloneIDDoesNotExist", $"CloneID {cloneId} does not exist.");
        cluster.Fail(job, new ApiError("xCanceled", "Clone was canceled."));
        cluster.Jobs.Remove(job.Handle);
        return [];
    }

    private JsonObject GetAsyncResult(CallParameters parameters)
    {
        var handle = parameters.RequiredInteger("asyncHandle");
        var keep = parameters.Flag("keepResult") ?? false;
        if (!cluster.Jobs.TryGetValue(handle, out var job))
        {
            throw new ApiError("xAsyncHandleDoesNotExist", $"Async handle {handle} does not exist.");
        }

        if (!job.Running && !keep)
        {
            cluster.Jobs.Remove(handle);
        }

        return job.ToJson(cluster.Now);
    }

    private JsonObject ListAsyncResults(CallParameters parameters)
    {
        var types = parameters.Elements("asyncResultTypes")?.Select(type => type.ToString()).ToList();
        return new JsonObject
        {
            ["asyncHandles"] = Json.Array(types is { Count: > 0 } && !types.Contains("Clone")
                ? []
                : cluster.Jobs.Values.Select(job => job.ToListJson(cluster.Now))),
        };
    }
}
