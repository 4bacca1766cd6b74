using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

internal sealed class VolumeCalls(Cluster cluster)
{
    private const long Mebibyte = 1 << 20;

    public void Register(CallTable table)
    {
        table.Write("CreateVolume", CreateVolume);
        table.Read("ListVolumes", ListVolumes);
        table.Read("ListActiveVolumes", parameters => List(parameters, volume => volume.Status == VolumeStatus.Active));
        table.Read("ListDeletedVolumes", parameters => List(parameters, volume => volume.Status == VolumeStatus.Deleted));
        table.Read("ListVolumesForAccount", ListVolumesForAccount);
        table.Read("GetVolumeCount", _ => new JsonObject { ["count"] = Visible().Count(volume => volume.Status == VolumeStatus.Active) });
        table.Write("ModifyVolume", ModifyVolume);
        table.Write("DeleteVolume", DeleteVolume);
        table.Write("PurgeDeletedVolume", PurgeDeletedVolume);
        table.Write("RestoreDeletedVolume", RestoreDeletedVolume);
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
        parameters.Accept("qosPolicyID", "associateWithQoSPolicy", "enableSnapMirrorReplication", "protectionScheme", "sliceCount");
        CheckRoom(cluster, account, size);
        var volume = new Volume
        {
            Id = cluster.NextVolume(),
            UniqueId = cluster.Options.UniqueId,
            Name = name,
            CreateTime = cluster.Now,
            Enable512e = enable512e,
            Device = cluster.Store.Create(size),
            AccountId = account.Id,
            Attributes = ObjectAttributes.Read(parameters) ?? [],
            Access = ReadAccess(parameters) ?? "readWrite",
            Qos = QualityOfService.Default.With(parameters.Object("qos")),
            FifoSize = parameters.Identifier("fifoSize") ?? 24,
            MinFifoSize = parameters.Integer("minFifoSize") ?? 0,
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

    private JsonObject ModifyVolume(CallParameters parameters)
    {
        var volume = cluster.Volume(parameters.RequiredInteger("volumeID"), orInit: true);
        if (volume.Status == VolumeStatus.Deleted)
        {
            throw ApiError.VolumeUnknown(volume.Id);
        }

        var account = parameters.Identifier("accountID") is { } accountId ? cluster.Account(accountId) : null;
        var access = ReadAccess(parameters);
        var attributes = ObjectAttributes.Read(parameters);
        var qos = volume.Qos.With(parameters.Object("qos"));
        parameters.Accept("qosPolicyID", "associateWithQoSPolicy", "createTime", "setCreateTime", "mode", "enableSnapMirrorReplication");
        if (parameters.Identifier("totalSize") is { } asked)
        {
            var size = RoundedSize(cluster, asked);
            if (size < volume.Device.Length)
            {
                throw new ApiError("xVolumeShrinkProhibited", "Lowering a volume size is not allowed.");
            }

            volume.Device.Grow(size);
        }

        // Attributes are replaced as a whole, never merged.
        volume.Attributes = attributes ?? volume.Attributes;
        volume.AccountId = account?.Id ?? volume.AccountId;
        volume.Qos = qos;
        volume.FifoSize = parameters.Identifier("fifoSize") ?? volume.FifoSize;
        volume.MinFifoSize = parameters.Integer("minFifoSize") ?? volume.MinFifoSize;
        if (access is not null)
        {
            volume.Access = access;
            if (access is "locked" or "replicationTarget")
            {
                cluster.EndSessions(session => session.Volume == volume);
            }
        }

        return new JsonObject { ["curve"] = QualityOfService.Curve(), ["volume"] = cluster.Describe(volume) };
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
        var volume = Deleted(parameters.RequiredInteger("volumeID"));
        volume.Status = VolumeStatus.Active;
        volume.DeleteTime = null;
        volume.PurgeTime = null;
        foreach (var group in cluster.AccessGroups.Values.Where(group => group.DeletedVolumes.Remove(volume.Id)))
        {
            group.Volumes.Add(volume.Id);
        }

        return [];
    }

    private Volume Deleted(long id) => cluster.Volumes.TryGetValue(id, out var volume) && volume.Status == VolumeStatus.Deleted
        ? volume
        : throw ApiError.VolumeGone(id);

    private static string? ReadAccess(CallParameters parameters) =>
        parameters.Choice("access", "readOnly", "readWrite", "locked", "replicationTarget", "snapMirrorTarget");
}
