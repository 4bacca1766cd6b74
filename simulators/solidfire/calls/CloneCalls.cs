using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Clones, group clones and copies: work that goes on after the answer.</summary>
internal sealed class CloneCalls(Cluster cluster)
{
    public void Register(CallTable table)
    {
        table.Write("CloneVolume", "volumes", CloneVolume);
        table.Write("CloneMultipleVolumes", "volumes", CloneMultipleVolumes, since: "7.0");
        table.Write("CopyVolume", "volumes", CopyVolume, since: "9.0");
        table.Write("CancelClone", "volumes", parameters => Cancel(
            parameters.RequiredInteger("cloneID"), "Clone", job => job.Kind is AsyncKind.Clone or AsyncKind.Copy), since: "9.0");
        table.Write("CancelGroupClone", "volumes", parameters => Cancel(
            parameters.RequiredInteger("groupCloneID"), "GroupClone", job => job.Kind is AsyncKind.GroupClone), since: "9.0");
    }

    private JsonObject CloneVolume(CallParameters parameters)
    {
        var plan = Plan(parameters, parameters.RequiredText("name"), null, null, null);
        CheckJobs([plan.Source]);
        VolumeCalls.CheckRoom(cluster, plan.Account, plan.Size);
        var job = Begin(AsyncKind.Clone, ++cluster.Ids.Clone, [Member(plan)]);
        var target = job.Members[0].Target;
        return new JsonObject
        {
            ["asyncHandle"] = job.Handle,
            ["cloneID"] = job.CloneId,
            ["curve"] = QualityOfService.Curve(),
            ["volume"] = cluster.Describe(target),
            ["volumeID"] = target.Id,
        };
    }

    private JsonObject CloneMultipleVolumes(CallParameters parameters)
    {
        var given = parameters.Elements("volumes") ?? throw ApiError.MissingParameter("volumes");
        var group = parameters.Identifier("groupSnapshotID") is { } id ? cluster.GroupSnapshot(id) : null;
        var access = ReadAccess(parameters);
        var account = parameters.Identifier("newAccountID") is { } accountId ? cluster.Account(accountId) : null;
        parameters.Accept("enableSnapMirrorReplication");
        if (given.Count is 0 || given.Count > cluster.Options.Limits.VolumesPerGroupSnapshot)
        {
            throw ApiError.InvalidParameter($"1 to {cluster.Options.Limits.VolumesPerGroupSnapshot} volumes may be cloned together");
        }

        var plans = given.Select(element => Plan(
            new CallParameters(element as JsonObject ?? throw ApiError.InvalidParameterType("volumes")), null, group, account, access)).ToList();
        CheckJobs([.. plans.Select(plan => plan.Source)]);
        plans.ForEach(plan => VolumeCalls.CheckRoom(cluster, plan.Account, plan.Size));
        var job = Begin(AsyncKind.GroupClone, ++cluster.Ids.GroupClone, [.. plans.Select(Member)]);
        return new JsonObject
        {
            ["asyncHandle"] = job.Handle,
            ["groupCloneID"] = job.CloneId,
            ["members"] = Json.Array(job.Members.Select(member => new JsonObject { ["srcVolumeID"] = member.Source.Id, ["volumeID"] = member.Target.Id })),
        };
    }

    private JsonObject CopyVolume(CallParameters parameters)
    {
        var source = cluster.ActiveVolume(parameters.RequiredInteger("volumeID"));
        var target = cluster.ActiveVolume(parameters.RequiredInteger("dstVolumeID"));
        var snapshot = SnapshotOf(source, parameters.Identifier("snapshotID"));
        if (source == target)
        {
            throw ApiError.InvalidParameter("volumeID and dstVolumeID must differ");
        }

        if (target.Device.Length < (snapshot?.Device ?? source.Device).Length)
        {
            throw ApiError.InvalidParameter($"VolumeID {target.Id} is smaller than what is to be copied into it");
        }

        CheckJobs([source]);
        var job = Begin(AsyncKind.Copy, ++cluster.Ids.Clone, [new AsyncMember
        {
            Source = source,
            Target = target,
            Snapshot = snapshot,
            ContentStamp = snapshot?.ContentStamp ?? Volatile.Read(ref source.ContentStamp),
            Content = (snapshot?.Device ?? source.Device).Snapshot(),
        }]);
        return new JsonObject { ["asyncHandle"] = job.Handle, ["cloneID"] = job.CloneId };
    }

    /// <summary>Everything that could refuse one clone, before anything is made.</summary>
    private ClonePlan Plan(CallParameters parameters, string? name, GroupSnapshot? group, Account? newAccount, string? newAccess)
    {
        var source = cluster.ActiveVolume(parameters.RequiredInteger("volumeID"));
        name = ObjectAttributes.VolumeName(name ?? parameters.Text("name") ?? source.Name);
        var snapshot = group is null
            ? SnapshotOf(source, parameters.Identifier("snapshotID"))
            : group.Members.Find(member => member.Volume == source) ?? throw ApiError.InvalidParameter($"VolumeID {source.Id} is not in groupSnapshotID {group.Id}");
        var account = parameters.Identifier("newAccountID") is { } id ? cluster.Account(id) : newAccount ?? cluster.Account(source.AccountId);
        var content = snapshot?.Device ?? source.Device;
        var size = parameters.Identifier("newSize") is { } asked ? VolumeCalls.RoundedSize(cluster, asked) : content.Length;
        // Assumption: attributes that are not given are inherited, as the vendor documents; a 2017 report saw {} instead.
        var attributes = ObjectAttributes.Read(parameters) ?? (JsonObject)source.Attributes.DeepClone();
        var access = ReadAccess(parameters) ?? newAccess ?? source.Access;
        var enable512e = parameters.Flag("enable512e") ?? source.Enable512e;
        var mirror = parameters.Flag("enableSnapMirrorReplication") ?? false;
        return new ClonePlan(source, snapshot, content, name, account, size, attributes, access, enable512e, mirror);
    }

    private AsyncMember Member(ClonePlan plan)
    {
        var stamp = plan.Snapshot?.ContentStamp ?? Volatile.Read(ref plan.Source.ContentStamp);
        var target = new Volume
        {
            Id = ++cluster.Ids.Volume,
            UniqueId = cluster.Options.UniqueId,
            Name = plan.Name,
            CreateTime = cluster.Now,
            Enable512e = plan.Enable512e,
            Device = plan.Content.Clone(plan.Size),
            AccountId = plan.Account.Id,
            Attributes = plan.Attributes,
            Access = plan.Access,
            Qos = plan.Source.Qos,
            QosPolicyId = plan.Source.QosPolicyId,
            FifoSize = plan.Source.FifoSize,
            MinFifoSize = plan.Source.MinFifoSize,
            EnableSnapMirrorReplication = plan.EnableSnapMirrorReplication,
            Status = VolumeStatus.Init,
            ContentStamp = plan.Size == plan.Content.Length ? stamp : cluster.NextContentStamp(),
            NonZeroBlocks = plan.Source.NonZeroBlocks,
        };
        cluster.Volumes.Add(target.Id, target);
        return new AsyncMember { Source = plan.Source, Target = target, Snapshot = plan.Snapshot };
    }

    private AsyncJob Begin(AsyncKind kind, long id, List<AsyncMember> members)
    {
        var now = cluster.Now;
        var job = new AsyncJob { Handle = ++cluster.Ids.Handle, Kind = kind, CloneId = id, Members = members, CreateTime = now, Due = now + cluster.Options.CloneTime };
        cluster.Jobs.Add(job.Handle, job);
        return job;
    }

    private Snapshot? SnapshotOf(Volume source, long? id) => id is not { } known
        ? null
        : cluster.Snapshot(known) is var snapshot && snapshot.Volume == source ? snapshot : throw ApiError.SnapshotUnknown(known);

    private static string? ReadAccess(CallParameters parameters) => parameters.Choice("access", "readOnly", "readWrite", "locked", "replicationTarget");

    private void CheckJobs(List<Volume> sources)
    {
        // Assumption: volumes are spread over the nodes by id, and a job beyond a limit is refused, not queued.
        var (nodes, limits) = (cluster.Options.Nodes, cluster.Options.Limits);
        var running = cluster.Jobs.Values.Where(job => job is { Running: true, IsClone: true }).SelectMany(job => job.Members).Select(member => member.Source).ToList();
        foreach (var source in sources)
        {
            if (running.Count(busy => busy == source) >= limits.CloneJobsPerVolume)
            {
                throw new ApiError("xMaxClonesPerVolumeExceeded", $"Maximum clone jobs per volume is {limits.CloneJobsPerVolume}");
            }

            if (running.Count(busy => busy.Id % nodes == source.Id % nodes) >= limits.CloneJobsPerNode)
            {
                throw new ApiError("xMaxClonesPerNodeExceeded", $"Maximum clone jobs per node is {limits.CloneJobsPerNode}");
            }

            running.Add(source);
        }
    }

    private JsonObject Cancel(long id, string kind, Predicate<AsyncJob> of)
    {
        var job = cluster.Jobs.Values.FirstOrDefault(candidate => candidate.Running && candidate.CloneId == id && of(candidate)) ?? throw ApiError.Unknown(kind, id);
        cluster.Fail(job, new ApiError("xCanceled", "Clone was canceled."));
        cluster.Jobs.Remove(job.Handle);
        return [];
    }

    private sealed record ClonePlan(
        Volume Source, Snapshot? Snapshot, SparseVolume Content, string Name, Account Account, long Size, JsonObject Attributes, string Access,
        bool Enable512e, bool EnableSnapMirrorReplication);
}
