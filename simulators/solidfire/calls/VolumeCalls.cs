using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

internal sealed class VolumeCalls(Cluster cluster)
{
    private const long Mebibyte = 1 << 20;

    public void Register(CallTable table)
    {
        table.Write("CreateVolume", "volumes", CreateVolume);
        table.Read("ListVolumes", ListVolumes, since: "8.0");
        table.Read("ListActiveVolumes", parameters => List(parameters, volume => volume.Status == VolumeStatus.Active));
        table.Read("ListDeletedVolumes", parameters => List(parameters, volume => volume.Status == VolumeStatus.Deleted));
        table.Read("ListVolumesForAccount", ListVolumesForAccount);
        table.Read("GetVolumeCount", _ => new JsonObject { ["count"] = Visible().Count(volume => volume.Status == VolumeStatus.Active) }, since: "9.0");
        table.Write("ModifyVolume", "volumes", ModifyVolume);
        table.Write("DeleteVolume", "volumes", DeleteVolume);
        table.Write("PurgeDeletedVolume", "volumes", PurgeDeletedVolume);
        table.Write("RestoreDeletedVolume", "volumes", RestoreDeletedVolume);
    }

    /// <summary>A size as the cluster makes it: at least the minimum, rounded up to a whole MiB.</summary>
    public static long RoundedSize(Cluster cluster, long asked)
    {
        var limits = cluster.Options.Limits;
        return asked >= limits.VolumeSizeMinimum && asked <= limits.VolumeSizeMaximum
            ? (asked + Mebibyte - 1) / Mebibyte * Mebibyte
            : throw ApiError.InvalidParameter($"Volume size {asked} is out of range: {limits.VolumeSizeMinimum} to {limits.VolumeSizeMaximum} bytes");
    }

    /// <summary>Refuses what no volume may exceed: count, volumes of the account, space that may be promised.</summary>
    public static void CheckRoom(Cluster cluster, Account account, long size)
    {
        ClusterFullness.Check(cluster);
        if (cluster.Volumes.Count >= cluster.Options.Limits.Volumes)
        {
            throw ApiError.LimitExceeded($"Exceeded maximum number of volumes. limit={cluster.Options.Limits.Volumes}");
        }

        if (cluster.Volumes.Values.Count(volume => volume.AccountId == account.Id) >= cluster.Options.Limits.VolumesPerAccount)
        {
            throw ApiError.LimitExceeded($"Exceeded maximum number of volumes per account. limit={cluster.Options.Limits.VolumesPerAccount}");
        }

        if (cluster.ProvisionedSpace + size > cluster.Options.ProvisionableSpace * 5)
        {
            throw ApiError.LimitExceeded("The requested size exceeds the space that may still be provisioned");
        }
    }

    private IEnumerable<Volume> Visible() => cluster.Volumes.Values.Where(volume => volume.Status != VolumeStatus.Init);

    private JsonObject CreateVolume(CallParameters parameters)
    {
        var name = ObjectAttributes.VolumeName(parameters.RequiredText("name"));
        var account = cluster.Account(parameters.RequiredInteger("accountID"));
        var size = RoundedSize(cluster, parameters.RequiredInteger("totalSize"));
        var enable512e = parameters.RequiredFlag("enable512e");
        var attributes = ObjectAttributes.Read(parameters) ?? [];
        var access = ReadAccess(parameters) ?? "readWrite";
        var policy = parameters.Identifier("qosPolicyID") is { } policyId ? cluster.QosPolicy(policyId) : null;
        var qos = (policy?.Qos ?? cluster.DefaultQos).With(parameters.Object("qos"));
        var (fifo, minimumFifo) = Fifo(parameters, 24, 0);
        var mirrored = parameters.Flag("enableSnapMirrorReplication") ?? false;
        var unmoved = parameters.Flag("dontMoveForIopsRebalance") ?? false;
        var associated = parameters.Flag("associateWithQoSPolicy") ?? true;
        parameters.Accept("protectionScheme", "sliceCount");
        CheckRoom(cluster, account, size);
        var volume = new Volume
        {
            Id = ++cluster.Ids.Volume,
            UniqueId = cluster.Options.UniqueId,
            Name = name,
            CreateTime = cluster.Now,
            Enable512e = enable512e,
            Device = cluster.Store.Create(size),
            AccountId = account.Id,
            Attributes = attributes,
            Access = access,
            Qos = qos,
            FifoSize = fifo,
            MinFifoSize = minimumFifo,
            EnableSnapMirrorReplication = mirrored,
            DontMoveForIopsRebalance = unmoved,
            QosPolicyId = policy is not null && associated ? policy.Id : null,
        };
        cluster.Volumes.Add(volume.Id, volume);
        return new JsonObject
        {
            ["curve"] = QualityOfService.Curve(),
            ["volume"] = cluster.Describe(volume),
            ["volumeID"] = volume.Id,
        };
    }

    private JsonObject ListVolumes(CallParameters parameters)
    {
        var accounts = parameters.Integers("accounts");
        var ids = parameters.Integers("volumeIDs");
        var name = parameters.Text("volumeName");
        var status = parameters.Choice("volumeStatus", "creating", "snapshotting", "active", "deleted");
        var paired = parameters.Flag("isPaired");
        if (ids is { Count: > 0 } && (accounts is { Count: > 0 } || parameters.Identifier("startVolumeID") is not null))
        {
            throw ApiError.InvalidParameter("volumeIDs cannot be combined with accounts or startVolumeID");
        }

        return List(parameters, volume =>
            (accounts is not { Count: > 0 } || accounts.Contains(volume.AccountId))
            && (ids is not { Count: > 0 } || ids.Contains(volume.Id))
            && (name is null || volume.Name == name)
            && (status is null || string.Equals(volume.Status.ToString(), status, StringComparison.OrdinalIgnoreCase))
            && paired is not true);
    }

    private JsonObject ListVolumesForAccount(CallParameters parameters)
    {
        var account = cluster.Account(parameters.RequiredInteger("accountID"));
        return List(parameters, volume => volume.AccountId == account.Id);
    }

    /// <summary>Volumes still being cloned into are in no list.</summary>
    private JsonObject List(CallParameters parameters, Func<Volume, bool> which)
    {
        var start = parameters.Integer("startVolumeID") ?? 0;
        var limit = parameters.Identifier("limit") ?? 10000;
        parameters.Accept("includeVirtualVolumes");
        return new JsonObject
        {
            ["volumes"] = Json.Array(Visible()
                .Where(volume => volume.Id >= start && which(volume))
                .Take((int)Math.Min(limit, int.MaxValue))
                .Select(cluster.Describe)),
        };
    }

    /// <summary>A volume that ModifyVolume takes: one being cloned into is taken too.</summary>
    public Volume Modifiable(long id) =>
        cluster.Volume(id, orInit: true) is { Status: not VolumeStatus.Deleted } volume ? volume : throw ApiError.VolumeUnknown(id);

    /// <summary>Everything that could refuse the change, before anything is changed.</summary>
    public void Check(Volume volume, CallParameters parameters)
    {
        if (parameters.Identifier("accountID") is { } accountId)
        {
            cluster.Account(accountId);
        }

        ReadAccess(parameters);
        ObjectAttributes.Read(parameters);
        volume.Qos.With(parameters.Object("qos"));
        if (parameters.Identifier("qosPolicyID") is { } policyId)
        {
            cluster.QosPolicy(policyId);
        }

        Fifo(parameters, volume.FifoSize, volume.MinFifoSize);
        parameters.Flag("enableSnapMirrorReplication");
        parameters.Flag("dontMoveForIopsRebalance");
        parameters.Flag("associateWithQoSPolicy");
        if (parameters.Flag("setCreateTime") == true && parameters.Time("createTime") is null)
        {
            throw ApiError.MissingParameter("createTime");
        }

        if (parameters.Identifier("totalSize") is { } asked && NewSize(volume, parameters, asked) is var size && size < volume.Device.Length)
        {
            throw new ApiError("xVolumeShrinkProhibited", "Lowering a volume size is not allowed.");
        }
    }

    public void Modify(Volume volume, CallParameters parameters)
    {
        if (parameters.Identifier("totalSize") is { } asked && NewSize(volume, parameters, asked) is var size && size > volume.Device.Length)
        {
            volume.Device.Grow(size);
        }

        QosCalls.Apply(cluster, parameters, volume);
        // Attributes are replaced as a whole, never merged.
        volume.Attributes = ObjectAttributes.Read(parameters) ?? volume.Attributes;
        volume.AccountId = parameters.Identifier("accountID") ?? volume.AccountId;
        (volume.FifoSize, volume.MinFifoSize) = Fifo(parameters, volume.FifoSize, volume.MinFifoSize);
        volume.EnableSnapMirrorReplication = parameters.Flag("enableSnapMirrorReplication") ?? volume.EnableSnapMirrorReplication;
        volume.DontMoveForIopsRebalance = parameters.Flag("dontMoveForIopsRebalance") ?? volume.DontMoveForIopsRebalance;
        if (parameters.Flag("setCreateTime") == true)
        {
            volume.CreateTime = parameters.Time("createTime") ?? volume.CreateTime;
        }

        parameters.Accept("createTime", "mode");
        if (ReadAccess(parameters) is { } access)
        {
            volume.Access = access;
            if (access is "locked" or "replicationTarget")
            {
                cluster.EndSessions(session => session.Volume == volume);
            }
        }

        cluster.EndSessionsWithoutAccess();
    }

    private JsonObject ModifyVolume(CallParameters parameters)
    {
        var volume = Modifiable(parameters.RequiredInteger("volumeID"));
        Check(volume, parameters);
        Modify(volume, parameters);
        return new JsonObject { ["curve"] = QualityOfService.Curve(), ["volume"] = cluster.Describe(volume) };
    }

    /// <summary>A size below today's is told apart as shrinking, not as out of range.</summary>
    private long NewSize(Volume volume, CallParameters parameters, long asked) =>
        asked < volume.Device.Length - Mebibyte ? asked : RoundedSize(cluster, asked);

    /// <summary>Slots for snapshots that push one another out, and slots kept free for them.</summary>
    private (long Size, long Minimum) Fifo(CallParameters parameters, long size, long minimum)
    {
        (size, minimum) = (parameters.Identifier("fifoSize") ?? size, parameters.Integer("minFifoSize") ?? minimum);
        var most = cluster.Options.Limits.SnapshotsPerVolume;
        return size >= 1 && size <= Math.Max(most, 24) && minimum >= 0 && minimum <= size
            ? (size, minimum)
            : throw ApiError.InvalidParameter($"fifoSize is from 1 to {most}, minFifoSize from 0 to fifoSize");
    }

    private JsonObject DeleteVolume(CallParameters parameters)
    {
        var id = parameters.RequiredInteger("volumeID");
        if (!cluster.Volumes.TryGetValue(id, out var volume) || volume.Status == VolumeStatus.Deleted)
        {
            throw ApiError.VolumeGone(id);
        }

        if (volume.Status == VolumeStatus.Init)
        {
            // Assumption: the real answer is not documented; a clone is ended with CancelClone, or waited for.
            throw new ApiError("xSliceNotRegistered", $"Volume {id} is still being cloned");
        }

        cluster.Delete(volume);
        return new JsonObject { ["volume"] = cluster.Describe(volume) };
    }

    private JsonObject PurgeDeletedVolume(CallParameters parameters)
    {
        cluster.Purge(Deleted(parameters.RequiredInteger("volumeID")));
        return [];
    }

    private JsonObject RestoreDeletedVolume(CallParameters parameters)
    {
        cluster.Restore(Deleted(parameters.RequiredInteger("volumeID")));
        return [];
    }

    public Volume Deleted(long id) => cluster.Volumes.TryGetValue(id, out var volume) && volume.Status == VolumeStatus.Deleted
        ? volume
        : throw ApiError.VolumeGone(id);

    private static string? ReadAccess(CallParameters parameters) =>
        parameters.Choice("access", "readOnly", "readWrite", "locked", "replicationTarget", "snapMirrorTarget");
}
